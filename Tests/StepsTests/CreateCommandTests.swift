import JSON
import PublisherHosting
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

    @Test("what a handoff says is said again as flags, unless a flag or ork.yaml says it")
    func targets() throws {
        let name = try #require(PlanName("web"))
        let publisher = try #require(PublisherName("vault-kv"))
        let token = try #require(EnvironmentName("VAULT_TOKEN"))
        let ours = try #require(EnvironmentName("OUR_TOKEN"))
        var target = Plan.Target(
            name: name, publisher: publisher, wave: 2, environment: [token: ours],
            with: ["path": .string("a,b\\c"), "version": 2, "key": "the key"])
        #expect(
            CreateCommand().naming(.name("shop")).naming([target]).description
                == #"ork-create --predecessor name=shop --to 'web=vault-kv@2:path=a\,b\\c,version:=2,key=the key' "#
                + "--target-env web:VAULT_TOKEN=OUR_TOKEN")
        #expect(Self.command.naming([target]).description == Self.command.description)
        #expect(Self.configured.naming([target]).description == Self.configured.description)
        target.origin = .configuration
        #expect(CreateCommand().naming([target]).description == "ork-create")
    }

    @Test("where no handoff can be believed, a person says again what is to be rotated")
    func startingOver() {
        #expect(
            CreateCommand().startingOver
                == "`ork-create --predecessor name=NAME --supersede --handoff NEW.json`, with the same --to, begins a new rotation"
        )
        #expect(
            Self.configured.startingOver
                == "`ork-create --limit 5 --supersede --handoff NEW.json` begins a new rotation")
        #expect(Self.command.startingOver == "`\(Self.command.superseding)` begins a new rotation")
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
