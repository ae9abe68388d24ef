/// What the checks found, printed line by line as it is found.
struct Report {
    private(set) var passed = 0
    private(set) var failed = 0
    private(set) var skipped = 0
    private let emit: (String) -> Void

    init(emit: @escaping (String) -> Void) { self.emit = emit }

    var summary: String { "\(passed) passed, \(failed) failed, \(skipped) skipped" }

    /// One check; `body` gives the reason if the program fails it.
    mutating func check(_ rule: String, _ body: () -> String?) {
        if let reason = body() {
            failed += 1
            emit("not ok - \(rule): \(reason)")
        } else {
            passed += 1
            emit("ok - \(rule)")
        }
    }

    mutating func skip(_ rule: String, _ reason: String) {
        skipped += 1
        emit("skipped - \(rule): \(reason)")
    }
}
