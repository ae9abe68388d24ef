import FoundationEssentials
import Glibc
import StepCLI
import Steps
import SystemPackage

/// Writes several files that are not there yet: all of them, or none.
struct NewFiles {
    let files: [DraftFile]
    private var written: [String] = []
    private var folders: [String] = []

    init(_ files: [DraftFile]) { self.files = files }

    /// Refuses before anything is written, naming all that is there.
    func refuseWhatIsThere() throws(StepError) {
        // The folder of the identities is made for them: one that is there, or a link of its name, may be anybody's to read.
        let folder = Draft.identityFolder
        var paths = files.map(\.path).filter { !$0.hasPrefix("\(folder)/") }
        if paths.count < files.count { paths.append(folder) }
        let there = paths.filter { path in
            var status = stat()
            return unsafe lstat(path, &status) == 0
        }
        guard !there.isEmpty else { return }
        throw StepError(
            .unacceptable, "nothing was written, as there is already: \(there.joined(separator: ", "))",
            hint:
                "`ork-init --dry-run` shows what would stand there; move those files away, or bring it into them by hand"
        )
    }

    /// Writes them, and takes back what it has written if one cannot be.
    mutating func write() throws(StepError) {
        try refuseWhatIsThere()
        for file in files {
            do throws(Errno) {
                try makeFolders(of: file)
                guard try DurableFile(file.path).create(file.content, permissions: file.permissions) else {
                    throw .fileExists
                }
                written.append(file.path)
            } catch {
                takeBack()
                throw StepError(
                    .failed, "nothing was written: \(file.path): \(error)",
                    hint: "work in a folder that you may write to")
            }
        }
    }

    private mutating func makeFolders(of file: DraftFile) throws(Errno) {
        var path = ""
        for part in file.path.split(separator: "/").dropLast() {
            path += (path.isEmpty ? "" : "/") + part
            // Only its owner looks into the folder of the identities.
            let mode: mode_t = path == Draft.identityFolder ? 0o700 : 0o777
            if unsafe mkdir(path, mode) == 0 {
                folders.append(path)
            } else if errno != EEXIST {
                throw Errno(rawValue: errno)
            }
        }
    }

    private func takeBack() {
        for path in written { unsafe unlink(path) }
        for folder in folders.reversed() { unsafe rmdir(folder) }
    }
}
