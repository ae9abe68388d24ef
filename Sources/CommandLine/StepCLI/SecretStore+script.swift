import Wording

extension SecretStore {
    /// A script beside the identities that makes the environments with their protection, asks for every other secret once,
    /// stores all of them where the jobs alone that need them can read them, and removes its folder.
    ///
    /// `tokens` are the variables of the targets; `approver` is who opens the gates, by default whoever runs it.
    package func script(tokens: [String], approver: String?) -> String? {
        let approver = approver.map { ShellWord($0).description }
        return switch self {
        case .github: Self.githubScript(tokens, approver)
        case .gitlab: Self.gitlabScript(tokens, approver)
        case .other: nil
        }
    }

    private static func githubScript(_ tokens: [String], _ approver: String?) -> String {
        let secrets = tokens.map { "ask \($0) ork-publish ork-rollback" }
        return """
            #!/bin/sh
            # Makes the environments at GitHub with their protection, asks for each secret once, stores them and the identities in
            # this folder, and removes it. In a clone of the repository, as its administrator, logged in with gh. In a private
            # repository only GitHub Enterprise has reviewers: without it, REVIEWERS=no, and nobody is asked before a key goes.
            set -eu
            folder=$(dirname -- "$0")
            approver=\(approver ?? "$(gh api user --jq .login)") # opens the gates
            \(githubEnvironment)
            \(asking(#"gh secret set "$name" --env "$place""#))
            reviewer=
            [ "${REVIEWERS-}" = no ] || \(githubReviewer)
            if ! { \(githubEnvironments); }; then
                echo 'nothing is stored yet; see the first lines of this script' >&2
                exit 1
            fi
            \((["ask OPENROUTER_MANAGEMENT_KEY ork-manage ork-rollback"] + secrets).joined(separator: "\n"))
            \(githubIdentities(#""$folder""#)) || exit
            rm -r "$folder"

            """
    }

    private static func gitlabScript(_ tokens: [String], _ approver: String?) -> String {
        let secrets = tokens.map { "ask \($0) ork/publish ork/rollback" }
        let whoever = #"$(glab api user | grep -o '"id":[0-9]*' | head -n 1 | cut -d : -f 2)"#
        return """
            #!/bin/sh
            # Makes the environments at GitLab and protects them, asks for each secret once, stores them and the identities in this
            # folder, and removes it. In a clone of the project, as its maintainer, logged in with glab. Only GitLab Premium
            # protects environments: without it, PROTECT=no, and whoever may run jobs opens the gates.
            set -eu
            folder=$(dirname -- "$0")
            approver=\(approver ?? whoever) # opens the gates
            \(gitlabEnvironment)
            \(asking(#"glab variable set "$name" --scope "$place" --masked --protected"#))
            if [ "${PROTECT-}" != no ] && ! { \(gitlabEnvironments); }; then
                echo 'nothing is stored yet; see the first lines of this script' >&2
                exit 1
            fi
            \((["ask OPENROUTER_MANAGEMENT_KEY ork/manage ork/rollback"] + secrets).joined(separator: "\n"))
            # A project access token: Developer, read_api. A job's own token may not list jobs.
            ask ORK_HANDOFF_TOKEN '*'
            \(gitlabIdentities(#""$folder""#)) || exit
            rm -r "$folder"

            """
    }

    /// The function that asks for a secret, and stores it in several places by a command that reads it from standard input. No
    /// program gets it as an argument: `printf` is the shell's own.
    static func asking(_ command: String) -> String {
        """
        trap '[ ! -t 0 ] || stty echo' EXIT
        ask() { # NAME ENVIRONMENT…
            name=$1
            shift
            printf '%s: ' "$name" >&2
            [ ! -t 0 ] || stty -echo
            IFS= read -r value || :
            [ ! -t 0 ] || { stty echo && echo >&2; }
            [ -n "$value" ] || { echo "nothing was stored: $name is empty; run this again" >&2 && exit 1; }
            for place in "$@"; do printf %s "$value" | \(command); done
        }
        """
    }
}
