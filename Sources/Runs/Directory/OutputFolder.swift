import Diagnostics
import Foundation

/// The folder that a new run or sweep writes its files to.
package enum OutputFolder {
    /// Refuses a folder with files that are not its own, which it might replace.
    ///
    /// A cluster's logs, hidden files and one named file may be there, and the folder need not exist.
    package static func requireUnused(_ path: String, besides own: String? = nil) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
        guard let found = names.sorted().first(where: { !$0.hasPrefix(".") && !isLog($0) && $0 != own })
        else { return }
        throw Failure.usage(
            "holds other files (found \(found)), expected a new or an empty folder", at: path,
            remedy: "choose another --output")
    }

    /// Whether a scheduler or a shell wrote the file: `slurm-7.out`, `study.o12`, `train.log`.
    private static func isLog(_ name: String) -> Bool {
        name.contains(/\.(log|out|err|[oe][0-9]+)$/)
    }
}
