import JSON
import Rotation

/// What a file of the project says of a place where the key lies.
enum Proposal {
    case target(DraftTarget)
    /// It may be one, and `missing` is to be filled in: words of what people add as `--to`.
    case incomplete(file: String, why: String, flag: String, missing: [String])
    /// It is told, and nothing is proposed.
    case remark(String)

    /// What there is in the folder. `name` is what the key is called.
    static func all(in folder: ProjectFolder, for system: CISystem, name: String) -> [Proposal] {
        var proposals: [Proposal] = []
        let rules = [dotenv, sops, service]
        for file in folder.files {
            if let proposal = rules.lazy.compactMap({ $0(file, folder, system, name) }).first {
                proposals.append(proposal)
            }
        }
        if let pipeline = pipeline(folder, system, name) { proposals.append(pipeline) }
        return proposals
    }

    /// Their targets with names of their own.
    static func targets(_ proposals: [Proposal]) -> [DraftTarget] {
        var targets: [DraftTarget] = []
        for case .target(var target) in proposals {
            target.name = DraftTarget.free(target.name, targets.map(\.name))
            targets.append(target)
        }
        return targets
    }

    private typealias Rule = @Sendable (String, ProjectFolder, CISystem, String) -> Proposal?

    /// A dotenv file that has the name. Examples of one hold no key.
    private static let dotenv: Rule = { file, folder, system, name in
        let last = file.split(separator: "/").last.map(String.init) ?? file
        let isDotenv = last == ".env" || last.hasPrefix(".env.") || last.hasSuffix(".env")
        let isExample = [".example", ".sample", ".template", ".dist", ".defaults"].contains { last.contains($0) }
        guard isDotenv, !isExample, let text = folder.text(of: file), !isSOPS(text) else { return nil }
        guard assigns(name, in: text) else { return nil }
        guard system.reachesThisMachine else {
            return .remark(
                "\(file) has \(name), and no pipeline at \(system.title) reaches this machine's files: whoever reads it there "
                    + "keeps the old key in use; write the new one there by hand, or choose --ci cron")
        }
        let with: JSONObject = ["path": .string(file), "name": .string(name)]
        return .target(DraftTarget(name: planName(file), publisher: "file", with: with))
    }

    /// A file that SOPS has encrypted, which leaves names readable.
    private static let sops: Rule = { file, folder, _, name in
        let kinds = [".yaml", ".yml", ".json", ".env", ".ini"]
        guard kinds.contains(where: { file.hasSuffix($0) }), let text = folder.text(of: file), isSOPS(text),
            let place = NestedName.find(name, in: text)
        else { return nil }
        let readers = Set(text.matches(of: /age1[0-9a-z]{58}/).map { String($0.output) }).sorted()
        guard let origin = folder.origin else {
            return .incomplete(
                file: file, why: "it is encrypted by SOPS, and there is no remote to push it to",
                flag: "git:remote=https://HOST/PATH.git,branch=main,path=\(file),name=\(place),encrypt=sops",
                missing: ["HOST/PATH"])
        }
        var with: JSONObject = [
            "remote": .string(origin.https), "branch": "main", "path": .string(file), "name": .string(place),
            "encrypt": "sops",
        ]
        if !readers.isEmpty { with["recipients"] = .array(readers.map { .string($0) }) }
        return .target(DraftTarget(name: planName(file), publisher: "git", with: with))
    }

    /// The file of a service that people deploy to.
    private static let service: Rule = { file, folder, _, name in
        guard let service = KnownService.with(file: file) else { return nil }
        let target = service.preset ?? service.publisher
        let name = service.name(of: name)
        let values = service.values(in: folder.text(of: file) ?? "")
        guard values.allSatisfy({ $0.value != nil }) else {
            let settings = values.map { "\($0.key)=\($0.value ?? $0.example)" }.joined(separator: ",")
            let missing = values.filter { $0.value == nil }.map(\.example)
            return .incomplete(
                file: file,
                why: "\(service.title) may hold the key, and the file does not tell \(missing.joined(separator: ", "))",
                flag:
                    "\(target)=\(service.publisher):\(service.preset.map { "preset=\($0)," } ?? "")\(settings),name=\(name)",
                missing: missing)
        }
        var with = JSONObject()
        with["preset"] = service.preset.map { .string($0) }
        for (key, value, _) in values { with[key] = value.map { .string($0) } }
        with["name"] = .string(name)
        return .target(DraftTarget(name: target, publisher: service.publisher, with: with))
    }

    /// What the project's own pipelines take the key from.
    private static func pipeline(_ folder: ProjectFolder, _ system: CISystem, _ name: String) -> Proposal? {
        let workflow = folder.files.first { file in
            let isWorkflow = file.hasPrefix(".github/workflows/") && !file.hasPrefix(".github/workflows/ork-")
            return isWorkflow && folder.text(of: file)?.contains(name) == true
        }
        if let workflow {
            guard let origin = folder.origin else {
                return .incomplete(
                    file: workflow, why: "it uses \(name), and there is no remote that tells the repository",
                    flag: "github=github-secret:repository=OWNER/NAME,name=\(name)",
                    missing: ["OWNER/NAME"])
            }
            let with: JSONObject = [
                "repository": .string(origin.path), "name": .string(name), "companion": .string("\(name)_STATE"),
            ]
            return .target(DraftTarget(name: "github", publisher: "github-secret", with: with))
        }
        guard let text = folder.text(of: ".gitlab-ci.yml"), text.contains(name) else { return nil }
        guard let origin = folder.origin else {
            return .incomplete(
                file: ".gitlab-ci.yml", why: "it uses \(name), and there is no remote that tells the project",
                flag: "gitlab=gitlab-variable:project=GROUP/NAME,key=\(name)",
                missing: ["GROUP/NAME"])
        }
        let with: JSONObject = ["project": .string(origin.path), "key": .string(name)]
        return .target(DraftTarget(name: "gitlab", publisher: "gitlab-variable", with: with))
    }

    private static func isSOPS(_ text: String) -> Bool {
        text.contains("ENC[")
            && (text.hasPrefix("sops") || text.contains("\nsops:") || text.contains("\nsops_")
                || text.contains("[sops]")
                || text.contains("\"sops\":"))
    }

    /// Whether a dotenv file gives the name a value. The value is not looked at.
    private static func assigns(_ name: String, in text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { line in
            var line = line.drop { $0 == " " || $0 == "\t" }
            if line.hasPrefix("export ") { line = line.dropFirst("export ".count).drop { $0 == " " } }
            return line.hasPrefix(name) && line.dropFirst(name.count).drop { $0 == " " }.first == "="
        }
    }

    /// A file's path as the name of a target.
    private static func planName(_ file: String) -> String {
        let parts = file.split(separator: "/").map { part in
            String(
                part.drop { $0 == "." }.map {
                    $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-"
                })
        }
        let name = parts.joined(separator: "/")
        return PlanName(name) == nil ? "file" : name
    }
}

/// Where a name stands in a document that is indented: `stringData.OPENROUTER_API_KEY`.
enum NestedName {
    /// As the publishers `file` and `git` write it. For dotenv and INI files without parts it is the name alone.
    static func find(_ name: String, in text: String) -> String? {
        var above: [(indent: Int, key: String)] = []
        for line in text.split(whereSeparator: \.isNewline) {
            let rest = line.drop { $0 == " " || $0 == "\t" }
            let indent = line.count - rest.count
            let key = rest.prefix { $0 != ":" && $0 != "=" }.filter { $0 != "\"" && $0 != " " }
            guard !key.isEmpty, rest.count > key.count, rest.first != "#" else { continue }
            above.removeAll { $0.indent >= indent }
            if key == name { return (above.map(\.key) + [name]).joined(separator: ".") }
            above.append((indent, key))
        }
        return nil
    }
}
