extension SecretStore {
    /// The same for a pipeline of one job: one environment, which the main branch alone may use, and nobody who approves.
    package func scriptOfOneJob(tokens: [String]) -> String? {
        switch self {
        case .github: Self.githubScriptOfOneJob(tokens)
        case .gitlab: Self.gitlabScriptOfOneJob(tokens)
        case .other: nil
        }
    }

    private static func githubScriptOfOneJob(_ tokens: [String]) -> String {
        """
        #!/bin/sh
        # Makes the environment at GitHub, for the main branch alone, asks for each secret once, stores them and the identity in
        # this folder, and removes it. In a clone of the repository, as its administrator, logged in with gh.
        set -eu
        folder=$(dirname -- "$0")
        \(githubEnvironment)
        \(asking(#"gh secret set "$name" --env "$place""#))
        if ! environment ork; then
            echo 'nothing is stored yet: the environment cannot be made' >&2
            exit 1
        fi
        \((["OPENROUTER_MANAGEMENT_KEY"] + tokens).map { "ask \($0) ork" }.joined(separator: "\n"))
        gh secret set ORK_IDENTITY --env ork <"$folder"/rotate || exit
        rm -r "$folder"

        """
    }

    private static func gitlabScriptOfOneJob(_ tokens: [String]) -> String {
        let names = ["OPENROUTER_MANAGEMENT_KEY"] + tokens
        return """
            #!/bin/sh
            # Asks for each secret once, and stores them and the identity in this folder as variables of the one job, for protected
            # branches alone; then removes the folder. In a clone of the project, as its maintainer, logged in with glab.
            set -eu
            folder=$(dirname -- "$0")
            \(asking(#"glab variable set "$name" --scope "$place" --masked --protected"#))
            \(names.map { "ask \($0) ork/rotate" }.joined(separator: "\n"))
            # A project access token: Developer, read_api. A job's own token may not list jobs.
            ask ORK_HANDOFF_TOKEN ork/rotate
            tr -d '\\n' <"$folder/rotate" | glab variable set ORK_IDENTITY --scope ork/rotate --masked --protected || exit
            rm -r "$folder"

            """
    }
}
