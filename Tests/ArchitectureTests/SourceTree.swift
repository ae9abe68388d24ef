import FoundationEssentials
import TestSupport
import Testing

/// The files of the repository as they lie on the disk, so that it works in a tarball, too.
enum SourceTree {
    /// A file, by its path in the repository.
    struct File: Sendable, CustomTestStringConvertible {
        let path: String

        var name: String { String(path.split(separator: "/").last ?? "") }
        var folder: String { path.split(separator: "/").dropLast().joined(separator: "/") }
        var testDescription: String { path }

        func text() throws -> String {
            let url = URL(filePath: BuiltProduct.repository + "/" + path)
            return String(decoding: try Data(contentsOf: url), as: UTF8.self)
        }
    }

    /// What lies directly in a folder, without dot-files.
    static func names(in folder: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: BuiltProduct.repository + "/" + folder)
            .filter { !$0.hasPrefix(".") && $0 != "__pycache__" }.sorted()
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: BuiltProduct.repository + "/" + path)
    }

    static func isFolder(_ path: String) -> Bool {
        var isFolder = false
        return FileManager.default.fileExists(atPath: BuiltProduct.repository + "/" + path, isDirectory: &isFolder)
            && isFolder
    }

    /// Every file under these folders.
    static func files(in folders: [String]) throws -> [File] {
        var files: [File] = []
        for folder in folders {
            for name in try names(in: folder) {
                let path = folder + "/" + name
                files += isFolder(path) ? try self.files(in: [path]) : [File(path: path)]
            }
        }
        return files
    }
}
