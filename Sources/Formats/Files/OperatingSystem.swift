import Diagnostics
import Foundation

/// Failures of system calls.
enum OperatingSystem {
    /// The failure of an action (`cannot write`) on a path, with the error's message and a remedy.
    static func failure(_ action: String, at path: String, code: Int32 = errno) -> Failure {
        .data("\(action): \(String(cString: strerror(code)))", at: path, remedy: remedy(for: code))
    }

    /// Repeats a call while signals interrupt it.
    static func uninterrupted(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private static func remedy(for code: Int32) -> String? {
        switch code {
        case ENOSPC, EDQUOT: "free space on that file system or choose another path"
        case EFBIG: "raise the limit on file sizes (ulimit -f) or choose another path"
        case EACCES, EPERM: "check the permissions of the file and of its directory"
        case EROFS: "choose a path on a writable file system"
        case ENOENT: "check the path"
        case ENOTDIR: "a component of the path is a file, not a directory"
        case ENAMETOOLONG: "choose a shorter name"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case EIO: "check the disk"
        default: nil
        }
    }
}
