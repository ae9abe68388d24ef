import SystemPackage

/// The executables of this package, which the build puts beside the test bundle.
package enum BuiltProduct {
    /// The absolute path of an executable.
    package static func path(_ name: String) -> String {
        FilePath(CommandLine.arguments[0]).removingLastComponent().appending(name).string
    }

    /// The folder with the package's manifest.
    package static let repository = FilePath(#filePath)
        .removingLastComponent().removingLastComponent().removingLastComponent().string
}
