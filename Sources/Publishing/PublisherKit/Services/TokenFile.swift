import FoundationEssentials
package import Secrets

/// A token in a file that whoever put it there renews.
package enum TokenFile {
    /// A token of some kilobytes, without the line end that may follow it. `variable` names the file.
    package static func read(_ path: String, named variable: String) throws(ServiceError) -> Secret {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        let size = attributes?[.size] as? Int ?? 0
        let text = size <= 1 << 16 ? FileManager.default.contents(atPath: path) : nil
        let bytes = text.map { $0.filter { $0 != 0x0A && $0 != 0x0D } } ?? Data()
        guard !bytes.isEmpty else {
            throw ServiceError(
                PublisherError(
                    .configuration, "the file in \(variable) has no token that can be read",
                    hint: "check whether it is there, and whether this job may read it", field: "env.\(variable)"))
        }
        return Secret(bytes)
    }
}
