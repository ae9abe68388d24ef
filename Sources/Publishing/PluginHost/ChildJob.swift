import Secrets

/// What a child process is wanted for; the loop runs the process and tells the job what it sees.
protocol ChildJob: AnyObject {
    var launch: Launch { get }
    /// What the loop shall do with the process now.
    var wish: Directive { get }
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
    func receiveLog(_ bytes: ArraySlice<UInt8>)
    /// The moment of the wish has come.
    func expire(at now: ContinuousClock.Instant)
    /// The process and what it left in its group are gone.
    func hasEnded(_ ending: Ending)
}

/// What a job wants of its process.
enum Directive {
    /// It has until then.
    case work(until: ContinuousClock.Instant)
    /// Nothing more is expected of it: let it end by itself, for a moment.
    case leave
    /// End it.
    case stop
}

extension ChildJob {
    var keepsInputOpen: Bool { false }
}
