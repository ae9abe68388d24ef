import TestSupport
import Testing
import Wording

@Suite(.tags(.values)) struct CountedTests {
    @Test(
        "a noun and its verb agree with the number",
        arguments: [
            (Counted(0, "target"), "0 targets", "0 targets are"), (Counted(1, "target"), "1 target", "1 target is"),
            (Counted(2, "target"), "2 targets", "2 targets are"),
            (Counted(1, of: 1, "target"), "1 of 1 target", "1 of 1 target is"),
            (Counted(1, of: 3, "check"), "1 of 3 checks", "1 of 3 checks is"),
            (Counted(2, of: 3, "check"), "2 of 3 checks", "2 of 3 checks are"),
        ])
    func agrees(number: Counted, text: String, sentence: String) {
        #expect(number.description == text)
        #expect(number.with("is", "are") == sentence)
    }
}
