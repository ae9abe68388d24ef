import Rotation
import Secrets
import Steps
import TestSupport
import Testing

@Suite(.tags(.values)) struct CreateCommandTests {
    private static let command = CreateCommand([
        CreateCommand.Flag("predecessor", "name=the shop's key"), CreateCommand.Flag("to", "file:path=.env,name=KEY"),
        CreateCommand.Flag("ignore-references"),
    ])
    private static let configured = CreateCommand([CreateCommand.Flag("limit", "5")], file: "ci/ork.yaml")

    @Test("a command is what was said, as a shell reads it")
    func words() {
        #expect(
            Self.command.description
                == "ork-create --predecessor 'name=the shop'\\''s key' --to file:path=.env,name=KEY --ignore-references"
        )
        #expect(CreateCommand().description == "ork-create")
    }

    @Test("a flag takes the place of the one of its name, or comes last")
    func flags() {
        #expect(Self.configured.with("limit", "7").description == "ork-create --limit 7")
        #expect(Self.configured.superseding.description == "ork-create --limit 5 --supersede --handoff NEW.json")
        #expect(Self.configured.superseding.superseding.description == Self.configured.superseding.description)
        #expect(Self.command.naming(.none).description == Self.command.description)
        #expect(CreateCommand().naming(.none).description == "ork-create --predecessor none")
        #expect(Self.configured.naming(.name("shop")).description == "ork-create --limit 5")
    }

    @Test("the predecessor is corrected where it is named: in a flag, or in ork.yaml")
    func predecessor() throws {
        let hash = try #require(KeyHash("0a1b"))
        #expect(CreateCommand().replacing(.hash(hash)) == "`ork-create --predecessor hash=0a1b`")
        #expect(
            Self.configured.replacing(.hash(hash))
                == "write predecessor: {hash: 0a1b} into ci/ork.yaml, then `ork-create --limit 5`")
        #expect(
            Self.configured.replacing(.name("a: b")).hasPrefix("write predecessor: {name: \"a: b\"} into ci/ork.yaml"))
        #expect(
            Self.configured.with("predecessor", "x").replacing(.hash(hash))
                == "`ork-create --limit 5 --predecessor hash=0a1b`")
    }
}
