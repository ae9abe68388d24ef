import FoundationEssentials
package import Steps
package import Timestamps

/// Shows a rotation again and again, until it is finished.
package struct StatusWatch {
    private let picture: TerminalPicture
    private let clock: any WallClock
    private let pause: Double

    /// `asks`: OpenRouter is asked each time, which it is not to be every moment.
    package init(_ picture: TerminalPicture, asks: Bool, clock: any WallClock = SystemClock()) {
        self.picture = picture
        self.clock = clock
        pause = asks ? 30 : 1
    }

    /// Looks once a pause. Away from a terminal, only what has changed is shown. Ctrl-C ends it as it ends any program: there is
    /// nothing to put right.
    package func run(_ look: () throws(StepError) -> StatusReport) throws(StepError) {
        var last: String?
        picture.clear()
        while true {
            let report = try look()
            if report.text != last { picture.draw(report.lines, isAgain: true) }
            last = report.text
            guard !report.isFinished else { return }
            clock.sleep(until: clock.now.addingTimeInterval(pause))
        }
    }
}
