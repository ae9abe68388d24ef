import ArgumentParser
import Secrets

/// Where a pipeline keeps the identities of its stages, as the templates for it name the environments.
package enum SecretStore: String, ExpressibleByArgument, CaseIterable {
    case github, gitlab, other

    /// What stores the identities in `folder` and removes it, for a shell. A step that fails stops those after it, so that
    /// no secret gets into an environment that is not protected.
    package func commands(for folder: String) -> String {
        let folder = Self.quoted(folder)
        return switch self {
        case .github: Self.github(folder)
        case .gitlab: Self.gitlab(folder)
        case .other: Self.other(folder)
        }
    }

    private static func github(_ folder: String) -> String {
        """
        # In a clone of the repository, as its administrator, with gh. First the login of who approves:
        approver=WHO_APPROVES
        \(githubEnvironment)
        \(githubReviewer) &&
            \(githubEnvironments) &&
            \(githubIdentities(folder)) &&
            rm -r \(folder) &&
            gh secret set OPENROUTER_MANAGEMENT_KEY --env ork-manage && # asks for the key
            gh secret set OPENROUTER_MANAGEMENT_KEY --env ork-rollback # and once more
        """
    }

    // docs.github.com/rest/deployments/environments and …/branch-policies. Where the plan has no reviewers, or nobody has
    // that login, GitHub refuses.
    static let githubEnvironment = """
        branch=$(gh repo view --json defaultBranchRef --jq .defaultBranchRef.name)
        environment() { # NAME REVIEWERS
            printf '{"reviewers": [%s], "deployment_branch_policy": %s}' "${2-}" \\
                '{"protected_branches": false, "custom_branch_policies": true}' |
                gh api --silent --method PUT "repos/{owner}/{repo}/environments/$1" --input - || return
            gh api --silent --method POST "repos/{owner}/{repo}/environments/$1/deployment-branch-policies" \\
                -f name="$branch" || echo "$1 keeps the branches that it has"
        }
        """

    static let githubReviewer = #"reviewer="{\"type\": \"User\", \"id\": $(gh api "users/$approver" --jq .id)}""#

    static let githubEnvironments = """
        environment ork-manage && environment ork-publish &&
            environment ork-approve-publish "$reviewer" && environment ork-approve-retire "$reviewer" &&
            environment ork-rollback "$reviewer"
        """

    static func githubIdentities(_ folder: String) -> String {
        """
        gh secret set ORK_IDENTITY --env ork-manage <\(folder)/manage &&
            gh secret set ORK_IDENTITY --env ork-publish <\(folder)/publish &&
            gh secret set ORK_IDENTITY --env ork-approve-publish <\(folder)/approve &&
            gh secret set ORK_IDENTITY --env ork-approve-retire <\(folder)/approve &&
            gh secret set ORK_IDENTITY --env ork-rollback <\(folder)/rollback
        """
    }

    private static func gitlab(_ folder: String) -> String {
        """
        # In a clone of the project, as its maintainer, with glab. First the number of the user who approves. Without GitLab
        # Premium nothing protects an environment: leave the line with "protect … &&" out, and whoever may run jobs approves.
        approver=WHO_APPROVES
        \(gitlabEnvironment)
        \(gitlabEnvironments) &&
            \(gitlabIdentities(folder)) &&
            rm -r \(folder)
        # And OPENROUTER_MANAGEMENT_KEY, masked and protected, with the scope ork/manage, and with ork/rollback.
        """
    }

    // A masked variable is one line. docs.gitlab.com/api/protected_environments
    static let gitlabEnvironment = """
        protect() { # NAME
            glab api --silent "projects/:id/protected_environments/ork%2F$1" 2>/dev/null && return
            glab api --silent --method POST projects/:id/environments -f name="ork/$1" &&
                printf '{"name": "ork/%s", "deploy_access_levels": [{"user_id": %s}]}' "$1" "$approver" |
                glab api --silent --method POST projects/:id/protected_environments \\
                    --header 'content-type: application/json' --input -
        }
        store() { tr -d '\\n' <"$2" | glab variable set ORK_IDENTITY --scope "$1" --masked --protected; }
        """

    static let gitlabEnvironments = "protect approve-publish && protect approve-retire && protect rollback"

    static func gitlabIdentities(_ folder: String) -> String {
        """
        store ork/manage \(folder)/manage && store ork/publish \(folder)/publish &&
            store ork/approve-publish \(folder)/approve && store ork/approve-retire \(folder)/approve &&
            store ork/rollback \(folder)/rollback
        """
    }

    private static func other(_ folder: String) -> String {
        """
        # Store each as ORK_IDENTITY where these jobs alone can read it, then remove the folder:
        #   create, retire    \(folder)/manage, beside OPENROUTER_MANAGEMENT_KEY
        #   publish, verify   \(folder)/publish, beside the targets' tokens
        #   approve           \(folder)/approve, where only who approves can start a job
        #   rollback          \(folder)/rollback, beside the management key and the tokens, where only who may go back can
        """
    }

    /// The path as one word of a shell that is no option either.
    private static func quoted(_ path: String) -> String {
        let path = path.hasPrefix("-") ? "./\(path)" : path
        let isPlain = path.utf8.allSatisfy { $0.isASCIIAlphanumeric || "-._/".utf8.contains($0) }
        return isPlain
            ? path
            : "'" + path.split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
