import Diagnostics
import Foundation

/// What the operating system said about the last call, told as a failure with a remedy.
enum OperatingSystem {
    /// The failure of an action (`cannot write`) on a path, for an `errno` value.
    static func failure(_ action: String, at path: String, code: Int32 = errno) -> Failure {
        .data("\(action): \(String(cString: strerror(code)))", at: path, remedy: remedy(for: code))
    }

    /// Runs a call until a signal no longer interrupts it.
    static func uninterrupted(_ call: () -> Int) -> Int {
        while true {
            let result = call()
            if result >= 0 || errno != EINTR { return result }
        }
    }

    private static func remedy(for code: Int32) -> String? {
        switch code {
        case ENOSPC, EDQUOT: "free space on that file system or choose another place"
        case EFBIG: "raise the limit on file sizes (ulimit -f) or choose another place"
        case EACCES, EPERM: "check the permissions of the file and of its directory"
        case EROFS: "choose a place that can be written"
        case ENOENT: "check the path"
        case ENOTDIR: "a part of the path is a file, not a directory"
        case ENAMETOOLONG: "choose a shorter name"
        case EMFILE, ENFILE: "raise the limit on open files (ulimit -n)"
        case EIO: "check the disk"
        default: nil
        }
    }
}
