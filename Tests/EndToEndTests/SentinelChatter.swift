import ChildProcesses
import Secrets
import TestSupport

extension RotationRunFixture {
    /// Rotates with a publisher and a probe that print the key in every way, and answers where it came through, whole
    /// or in part.
    func printedLeaks() throws -> [String] {
        try install("chatty", Self.chattyPublisher)
        try install("probe", Self.chattyProbe.replacing("TARGET", with: targetDirectory.file("app.env")))
        let probe = ["--probe", "exec:\(directory.file("ork-publisher-probe"))"]
        var chatter = ""
        for stage in Stage.rotation {
            try useKeys()
            if stage.program == "ork-publish" {
                // The first answer holds the key, which is no answer.
                let first = try self.run(stage.program, handoffs: ["ork-handoff.json"], options: ["--json"])
                guard first.ending == .exited(1), first.errors.contains("carried the secret") else {
                    throw Complaint("an answer with the key was taken: \(first.errors)")
                }
                chatter += first.errors
            }
            let run = try self.run(
                stage.program, handoffs: ["ork-handoff.json"],
                options: ["--json"] + (stage.program == "ork-verify" ? probe : []))
            guard run.isDone else { throw Complaint("\(stage): \(run.errors)") }
            chatter += run.errors
        }
        guard chatter.contains("the publisher saw"), chatter.contains("the probe saw") else {
            throw Complaint("the publisher or the probe was not heard: \(chatter)")
        }
        let successor = Sentinel("successor", heldKeys()[0])
        var leaks = try filesWith([successor])
        leaks += successor.fragments(in: Array(chatter.utf8)).map { "a part of the key came through: \($0)" }
        return leaks
    }

    private static let forms = #"""
        import base64, json, subprocess, sys, time
        def forms(text):
            data = text.encode()
            return [text, text[::-1], data.hex(), data.hex().upper(), text[9:], text[9:].upper(), text[9:][::-1],
                    base64.b64encode(data).decode(), base64.urlsafe_b64encode(b"x" + data).decode(),
                    base64.b64encode(b"xy" + data).decode(), base64.encodebytes(data).decode(),
                    base64.b64encode(text[9:].encode()).decode(),
                    "".join("%%%02x" % byte for byte in data), "".join("\\u%04x" % byte for byte in data)]
        def chatter(who, text):
            for form in forms(text):
                print(f"the {who} saw {form} here", file=sys.stderr, flush=True)
                for piece in (form[:7], form[7:len(form) // 2], form[len(form) // 2:] + "\n"):
                    sys.stderr.write(piece)
                    sys.stderr.flush()
                    time.sleep(0.005)
        """#

    private static let chattyPublisher = """
        #!/usr/bin/python3
        \(forms)
        publisher = ["PUBLISHER"] + sys.argv[1:]
        if sys.argv[1:] != ["publish"]:
            sys.exit(subprocess.run(publisher).returncode)
        line = sys.stdin.readline()
        secret = json.loads(line)["secret"]["value"]
        chatter("publisher", secret)
        output = subprocess.run(publisher, input=line.encode(), stdout=subprocess.PIPE).stdout
        answer = json.loads(output)
        if answer["outcome"] == "committed":
            answer["message"] = "wrote " + " ".join(forms(secret)[:6])
        print(json.dumps(answer), flush=True)
        """

    private static let chattyProbe = """
        #!/usr/bin/python3
        \(forms)
        for line in open("TARGET"):
            name, _, value = line.strip().partition("=")
            if name == "OPENROUTER_API_KEY":
                chatter("probe", value)
                print("on standard output", value)
        """
}
