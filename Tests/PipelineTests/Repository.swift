import FoundationEssentials
import TestSupport

/// The user's repository on GitHub, made from the templates as `ci-templates/github/README.md` says.
enum Repository {
    /// It could not be made.
    struct Failure: Error, CustomStringConvertible {
        let description: String
    }

    /// Makes the workflow of the rotation by `ork-init`, with the variable that the tests' `ork.yaml` names, and programs
    /// that are there already.
    static func assembleByInit(_ kind: String, in place: Place) async throws {
        try await assemble(in: place)
        let made = try await Place.run(
            "/bin/sh",
            [
                "-euc",
                """
                mkdir ../made && cd ../made
                ork-init --ci github --pipeline "$2" --key checkout-prod --rotation checkout --ork "acme/ork@$1" --yes \\
                    --to github=github-secret:repository=acme/web,name=KEY >/dev/null
                sed "s/TARGET_GITHUB_TOKEN/TARGET_TOKEN/g; s/^\\( *\\(source\\|revision\\): \\).*/\\1''/" .github/workflows/ork-rotate.yml \\
                    >../repository/.github/workflows/ork-rotate.yml
                """, "sh", StandIns.commit, kind,
            ], in: place.folder.file("repository"), environment: ["OPENROUTER_MANAGEMENT_KEY": ""])
        guard made.succeeded else { throw Failure(description: made.output) }
        try await commit(in: place)
    }

    static func assemble(in place: Place) async throws {
        let templates = BuiltProduct.repository + "/ci-templates"
        let made = try await Place.run(
            "/bin/sh",
            [
                "-euc",
                """
                mkdir -p .github/workflows ../ork/ci-templates
                cp -r "$1/github" ../ork/ci-templates/
                cp -r "$1/../.github" ../ork/
                for f in staged fleet lint; do
                    sed "s|OWNER/ork/|acme/ork/|; s|@COMMIT|@$2|; s|ROTATION|checkout|" "$1/github/ork-$f.yml" \\
                        >.github/workflows/ork-$f.yml
                done
                mv .github/workflows/ork-staged.yml .github/workflows/ork-rotate.yml
                git init -q -b main .
                git remote add origin https://github.com/acme/web.git
                """, "sh", templates, StandIns.commit,
            ], in: place.folder.file("repository"), environment: ["HOME": place.folder.file("home")])
        guard made.succeeded else { throw Failure(description: made.output) }
        try await commit(in: place)
    }

    /// Puts a deployment into the slot that fails the first time.
    static func deployOnce(failingIn place: Place) async throws {
        let path = "repository/.github/workflows/ork-rotate.yml"
        let mark = place.folder.file("deployed")
        let step = "deploy: '[ -e \(mark) ] || { touch \(mark); exit 1; }'"
        try place.folder.write(place.folder.read(path).replacing("deploy: ''", with: step), to: path)
        try await commit(in: place)
    }

    /// Names a secret of the repository that holds the address of a webhook.
    static func name(webhook: String, in place: Place) async throws {
        let path = "repository/.github/workflows/ork-rotate.yml"
        let list = "webhooks: '[\"\(webhook)\"]'"
        try place.folder.write(place.folder.read(path).replacing("webhooks: '[]'", with: list), to: path)
        try await commit(in: place)
    }

    /// Commits what is there now.
    static func commit(in place: Place) async throws {
        let author = ["-c", "user.name=someone", "-c", "user.email=someone@example.invalid"]
        for arguments in [["add", "."], author + ["commit", "-q", "-m", "Rotate keys"]] {
            let made = try await Place.run(
                "/usr/bin/git", arguments, in: place.folder.file("repository"),
                environment: ["HOME": place.folder.file("home")])
            guard made.succeeded else { throw Failure(description: made.output) }
        }
    }
}
