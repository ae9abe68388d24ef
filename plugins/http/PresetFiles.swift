extension PackageResources {
    /// The files in `presets`, as the build has put them into the program.
    static let presets: [(name: String, file: [UInt8])] = [
        ("render", render_json)
    ]
}
