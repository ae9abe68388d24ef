import Glibc
package import Secrets

extension PluginHost {
    /// The publishers that this program finds by itself; what they say to people goes to `log`, redacted and escaped.
    package convenience init(
        environment: [String: String], hiding hidden: [Secret], masking masked: [Secret] = [],
        log: @escaping (String) -> Void
    ) {
        let directories = Self.searchPath(executable: Self.ownProgram, environment: environment)
        self.init(searchPath: directories, environment: environment, hiding: hidden, masking: masked) { _, line in
            log(line)
        }
    }

    // Not the first argument, which whoever starts the program chooses.
    private static var ownProgram: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        return String(decoding: buffer[..<max(0, length)].map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
