import TestSupport
import Testing

/// A script that fails must fail its test, and say where.
@Suite(.tags(.processes)) struct ScriptRunnerTests {
    @Test(
        "a line that is not so fails at its place",
        arguments: [
            "exec false", "! exec true", "exec true\nstatus 1", "exec echo hello\nstdout bye",
            "exec echo hello\n! stdout hello", "cmp a.txt b.txt", "! cmp a.txt a.txt", "exists c.txt",
            "! exists a.txt", "grep nothing a.txt", "exec no-such-program", "no-such-command", "exec $NOTHING",
            "exec echo 'no end", "exec sh -c 'kill -9 $$'", "! exec sh -c 'kill -9 $$'", "sandbox-use a.txt",
            "sandbox-disable successor", "mode 600 a.txt", "wait x", "env x", "edit a.txt nothing more",
            "exec ork-status --no-such-option", "! cd a.txt", "follow",
        ])
    func failures(_ lines: String) async throws {
        let script = Script("# it fails\n\(lines)\nexec true\n-- a.txt --\na\n-- b.txt --\nb\n", path: "/x/script.txt")
        let last = 1 + lines.split(separator: "\n").count
        let issue = try await onOwnThread { ScriptRun.run(script) }
        #expect(issue?.line == last)
        withKnownIssue {
            issue?.record()
        } matching: { known in
            known.sourceLocation?.line == last && known.sourceLocation?.filePath == "/x/script.txt"
        }
    }

    @Test("a script without a first line that tells what it shows fails")
    func untitled() async throws {
        let issue = try await onOwnThread { ScriptRun.run(Script("exec true\n", path: "/x/script.txt")) }
        #expect(issue?.line == 1)
    }

    @Test("what holds passes")
    func passes() async throws {
        let text = """
            # every command that needs no program of ork
            exec sh -c 'echo out; echo err >&2; exit 0'
            status 0
            stdout ^out$
            stderr 'er+'
            ! stdout err   # a comment
            ! exec sh -c 'exit 7'
            status 7
            stdin a.txt
            exec cat
            cmp stdout a.txt
            ! cmp a.txt b.txt
            cp a.txt c.txt
            exists c.txt b.txt
            rm c.txt
            ! exists c.txt
            mkdir d/e
            mv a.txt d/e/a.txt
            cd d/e
            grep ^a a.txt
            chmod 640 a.txt
            mode 640 a.txt
            symlink link -> a.txt
            cmp link a.txt
            edit a.txt a 'it''s'
            grep 'it''s' link
            env X=1
            exec sh -c 'echo $X $WORK'
            stdout '^1 /'
            stdout2env Y
            exec echo ${Y}z
            stdout z$
            -- a.txt --
            a
            -- b.txt --
            b
            """
        let issue = try await onOwnThread { ScriptRun.run(Script(text, path: "/x/script.txt")) }
        #expect(issue == nil, "\(issue?.text ?? "")")
    }
}
