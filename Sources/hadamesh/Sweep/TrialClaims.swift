import Diagnostics
import Formats
import Foundation

/// Claims of groups of ranks on the runs that they train, as files in a folder that all nodes see.
///
/// A claim is a file that only one group can create, so a group takes the next unclaimed run whenever it is
/// free. Which group trains a run has no influence on its bits.
struct TrialClaims {
    private let folder: String

    /// The folder is of this start of the sweep alone.
    init(_ folder: String) { self.folder = folder }

    /// Removes the claims of earlier starts and creates the folder.
    func begin() throws {
        end()
        try Directory.create(folder)
    }

    /// Removes all claims.
    func end() { try? FileManager.default.removeItem(atPath: folder) }

    /// True for the first caller with this number.
    func take(_ number: Int) throws -> Bool {
        let path = "\(folder)/\(number)"
        let file = open(path, O_CREAT | O_EXCL | O_WRONLY, 0o644)
        guard file < 0 else {
            close(file)
            return true
        }
        if errno == EEXIST { return false }
        throw Failure.data(
            "cannot claim a trial: \(String(cString: strerror(errno)))", at: path,
            remedy: "all nodes must be able to write to the sweep's directory")
    }

    /// Records that a claimed run has ended.
    func finish(_ number: Int) {
        _ = FileManager.default.createFile(atPath: "\(folder)/\(number).done", contents: nil)
    }

    /// The numbers of claims and of those that have ended.
    var counts: (taken: Int, done: Int) {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let done = names.count { $0.hasSuffix(".done") }
        return (names.count - done, done)
    }
}
