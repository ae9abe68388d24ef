import TestSupport
import Testing
import Wording

@Suite(.tags(.values)) struct UnknownNameTests {
    @Test(
        "an unknown name is repeated, with the one that may have been meant and those that there are",
        arguments: [
            ("wep", ["web", "api"], "there is no target wep; did you mean web?", "the targets are web and api"),
            (
                "app", ["web", "api", "jobs"], "there is no target app; did you mean api?",
                "the targets are web, api and jobs"
            ),
            ("jobs", ["web"], "there is no target jobs", "the only target is web"),
            ("wep", ["web"], "there is no target wep; did you mean web?", nil),
            ("web", [], "there is no target web", nil),
        ] as [(String, [String], String, String?)])
    func unknown(name: String, names: [String], message: String, known: String?) {
        let unknown = UnknownName(name, of: "target", among: names)
        #expect(unknown.message == message)
        #expect(unknown.known == known)
    }

    @Test("of many names the first are told, and how many there are besides")
    func many() {
        let names = (1...30).map { "n\($0)" }
        #expect(UnknownName("other", of: "target", among: names).known?.hasSuffix("n18, n19 and 11 more") == true)
    }
}
