package import Secrets

/// What a child process is wanted for; the loop runs the process and tells the job what it sees.
package protocol ChildJob: AnyObject {
    var program: Program { get }
    /// What the loop shall do with the process now.
    var directive: Directive { get }
    /// The process runs; input follows. `false` ends it before it has read anything.
    func hasStarted(_ process: Int32) -> Bool
    /// The next piece for standard input; `nil` closes it, unless it is kept open.
    func nextInput() -> Secret?
    /// Whether standard input stays open after the last piece.
    var keepsInputOpen: Bool { get }
    /// Some bytes of standard output.
    func receiveOutput(_ bytes: ArraySlice<UInt8>)
    /// Standard output was closed.
    func outputEnded()
    /// Some bytes of standard error.
    func receiveErrors(_ bytes: ArraySlice<UInt8>)
    /// The moment of the directive has come.
    func expire(at now: ContinuousClock.Instant)
    /// The process and all that it started are gone.
    func hasEnded(_ ending: Ending)
}

/// What a job wants of its process.
package enum Directive {
    /// It has until then.
    case work(until: ContinuousClock.Instant)
    /// Nothing more is expected of it: let it end by itself, for a moment.
    case leave
    /// End it.
    case stop
}

extension ChildJob {
    package var keepsInputOpen: Bool { false }
    package func hasStarted(_ process: Int32) -> Bool { true }
    package func nextInput() -> Secret? { nil }
    package func outputEnded() {}
}
