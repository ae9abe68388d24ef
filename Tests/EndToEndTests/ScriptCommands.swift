import ChildProcesses
import FoundationEssentials
import Glibc

extension ScriptRun {
    /// The commands of a script. `!` before one expects that it fails.
    ///
    /// ```
    /// exec PROGRAM ARGUMENT…     it ends with 0; with ! with anything else, but not by a signal
    /// follow [N]                 runs the Nth command (the first) of those that the last program told to run, as exec does
    /// status N                   what the last program ended with
    /// stdout RE, stderr RE       what it printed has a match; ^ and $ are ends of lines
    /// grep RE FILE
    /// stdin FILE                 what the next program reads; FILE may be stdout here and below
    /// cmp FILE FILE   exists FILE…   cp FILE FILE   mv FILE FILE   rm FILE…   mkdir FILE…   cd FILE
    /// chmod MODE FILE   mode MODE FILE   symlink FILE -> TARGET
    /// env NAME=VALUE   unset NAME   stdout2env NAME   edit FILE OLD NEW   wait SECONDS
    /// sandbox-…, receiver, received   see there
    /// ```
    func perform(_ words: [String]) throws {
        var words = words
        let isNegated = words.first == "!"
        if isNegated { words.removeFirst() }
        guard let name = words.first else { throw ScriptFailure("a command is missing") }
        let arguments = Array(words.dropFirst())
        switch name {
        case "exec": try execute(arguments, fails: isNegated)
        case "follow": try follow(arguments, fails: isNegated)
        case "status": try requireStatus(try one(arguments))
        case "stdout": try match(try one(arguments), output, isNegated)
        case "stderr": try match(try one(arguments), errors, isNegated)
        case "grep": try match(try two(arguments).0, try content(try two(arguments).1), isNegated)
        case "cmp": try compare(try two(arguments), isNegated)
        case "exists":
            for name in arguments where FileManager.default.fileExists(atPath: path(name)) == isNegated {
                throw ScriptFailure("\(name) \(isNegated ? "exists" : "does not exist")")
            }
        case "sandbox-use": try use(arguments, fails: isNegated)
        default:
            guard !isNegated else { throw ScriptFailure("\(name) cannot be negated") }
            try performPlain(name, arguments)
        }
    }

    private func performPlain(_ name: String, _ arguments: [String]) throws {
        let files = FileManager.default
        switch name {
        case "stdin": try setInput(try one(arguments))
        case "cp":
            let (from, to) = try two(arguments)
            try Data(try content(from).utf8).write(to: URL(filePath: path(to)))
        case "mv":
            let (from, to) = try two(arguments)
            guard unsafe rename(path(from), path(to)) == 0 else { throw ScriptFailure("\(from) cannot be moved") }
        case "rm": for name in arguments { try files.removeItem(atPath: path(name)) }
        case "mkdir":
            for name in arguments { try files.createDirectory(atPath: path(name), withIntermediateDirectories: true) }
        case "cd": directory = path(try one(arguments))
        case "chmod":
            let (mode, name) = try two(arguments)
            guard let mode = mode_t(mode, radix: 8), unsafe chmod(path(name), mode) == 0 else {
                throw ScriptFailure("the mode of \(name) cannot be changed")
            }
        case "mode": try requireMode(try two(arguments))
        case "symlink":
            guard arguments.count == 3, arguments[1] == "->" else { throw ScriptFailure("symlink FILE -> TARGET") }
            try files.createSymbolicLink(atPath: path(arguments[0]), withDestinationPath: arguments[2])
        case "edit":
            guard arguments.count == 3 else { throw ScriptFailure("edit FILE OLD NEW") }
            try edit(arguments[0], arguments[1], arguments[2])
        case "env":
            let parts = try one(arguments).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { throw ScriptFailure("env NAME=VALUE") }
            variables[String(parts[0])] = String(parts[1])
        case "unset": variables[try one(arguments)] = nil
        case "stdout2env":
            variables[try one(arguments)] = output.hasSuffix("\n") ? String(output.dropLast()) : output
        case "wait":
            guard let seconds = Double(try one(arguments)) else { throw ScriptFailure("wait SECONDS") }
            usleep(UInt32(seconds * 1_000_000))
        case "receiver", "received": try performReceiver(name, arguments)
        default: try performSandbox(name, arguments)
        }
    }

    private func execute(_ words: [String], fails: Bool) throws {
        try execute(words)
        guard (ending != .exited(0)) == fails else {
            throw ScriptFailure(fails ? "it ended with 0" : "it ended with another status: \(ending)")
        }
    }

    /// What a person does who pastes a command as it was printed.
    private func follow(_ arguments: [String], fails: Bool) throws {
        let commands = errors.matches(of: /`(ork-[^`]*)`/).map { String($0.output.1) }
        guard let number = Int(arguments.first ?? "1"), commands.indices.contains(number - 1) else {
            throw ScriptFailure("no such command was told: \(commands)")
        }
        try execute(try ScriptWords.split(commands[number - 1], variables), fails: fails)
    }

    private func requireStatus(_ text: String) throws(ScriptFailure) {
        guard let status = Int32(text) else { throw ScriptFailure("status N") }
        guard ending == .exited(status) else { throw ScriptFailure("the last program: \(ending)") }
    }

    private func match(_ pattern: String, _ text: String, _ isNegated: Bool) throws {
        let regex = try Regex(pattern).anchorsMatchLineEndings()
        guard text.contains(regex) != isNegated else {
            throw ScriptFailure(isNegated ? "there is a match" : "there is no match")
        }
    }

    private func compare(_ names: (String, String), _ isNegated: Bool) throws(ScriptFailure) {
        guard try (content(names.0) == content(names.1)) != isNegated else {
            throw ScriptFailure("\(names.0) and \(names.1) \(isNegated ? "are the same" : "differ")")
        }
    }

    private func requireMode(_ arguments: (String, String)) throws(ScriptFailure) {
        var status = stat()
        guard unsafe stat(path(arguments.1), &status) == 0 else { throw ScriptFailure("\(arguments.1) is not there") }
        let mode = String(status.st_mode & 0o7777, radix: 8)
        guard mode == arguments.0 else { throw ScriptFailure("the mode of \(arguments.1) is \(mode)") }
    }

    private func edit(_ name: String, _ old: String, _ new: String) throws {
        let text = try content(name)
        guard let range = text.firstRange(of: old) else { throw ScriptFailure("\(name) has no \(old)") }
        try Data(text.replacingCharacters(in: range, with: new).utf8).write(to: URL(filePath: path(name)))
    }

    func one(_ arguments: [String]) throws(ScriptFailure) -> String {
        guard arguments.count == 1 else { throw ScriptFailure("one argument is needed") }
        return arguments[0]
    }

    func two(_ arguments: [String]) throws(ScriptFailure) -> (String, String) {
        guard arguments.count == 2 else { throw ScriptFailure("two arguments are needed") }
        return (arguments[0], arguments[1])
    }
}

extension String {
    fileprivate func replacingCharacters(in range: Range<String.Index>, with new: String) -> String {
        self[..<range.lowerBound] + new + self[range.upperBound...]
    }
}
