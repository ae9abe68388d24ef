import TestSupport
import Testing
import Wording

@Suite(.tags(.values)) struct NearNamesTests {
    private static let keys = ["checkout-prod", "checkout-staging", "search-prod", "billing"]

    @Test(
        "a mistyped name is told by the one that was meant",
        arguments: [
            ("chekout-prod", ["checkout-prod"]), ("checkuot-prod", ["checkout-prod"]), ("Billing", ["billing"]),
            ("CHECKOUT_PROD", ["checkout-prod"]), ("checkout prod", ["checkout-prod"]), ("biling", ["billing"]),
            ("checkout", ["checkout-prod", "checkout-staging"]), ("billing-key", ["billing"]),
            ("shop", []), ("", []), ("b", []), ("checkout-prod", []),
        ])
    func near(written: String, meant: [String]) {
        #expect(NearNames(to: written, among: Self.keys).names == meant)
    }

    @Test("names of two letters are near to none but themselves in another case")
    func short() {
        #expect(NearNames(to: "to", among: ["do", "TO"]).names == ["TO"])
    }

    @Test("the nearest three are named, the nearest first")
    func nearest() {
        let near = NearNames(to: "worker1", among: ["worker22", "worker2", "worker3", "worker4", "worker", "worker2"])
        #expect(near.names == ["worker", "worker2", "worker3"])
        #expect(near.question == "did you mean worker, worker2 or worker3?")
        #expect(NearNames(to: "wab", among: ["web", "api"]).question == "did you mean web?")
        #expect(NearNames(to: "wab", among: ["api"]).question == nil)
    }

    @Test("the order of what is known does not count, nor does its length")
    func order() {
        let known = (0..<500).map { "service-\($0)" }
        let near = NearNames(to: "service_7", among: known)
        #expect(near == NearNames(to: "service_7", among: known.reversed()))
        #expect(near.names.first == "service-7")
        let long = String(repeating: "a", count: 100_000)
        #expect(NearNames(to: long, among: [long + "b"]).names.count == 1)
    }

    @Test(
        "a word of a command is what a shell reads as the text",
        arguments: [
            ("name=checkout-prod", "name=checkout-prod"), ("acme web", "'acme web'"), ("", "''"),
            ("it's", "'it'\\''s'"),
            ("$HOME", "'$HOME'"), ("a;b", "'a;b'"),
        ])
    func shell(text: String, word: String) {
        #expect(ShellWord(text).description == word)
    }
}
