import Diagnostics
import Formats
import Foundation

/// The opened file `.lock`, locked if it was free.
package final class LockFile {
    enum State {
        /// Locked by this process, or by another one.
        case ours, others
        /// The file system has no locks.
        case unknown
        /// Removed by its holder after it was opened here.
        case replaced
    }

    /// A modification time, by the file system's clock.
    package struct Touch: Equatable {
        let seconds: Int
        let nanoseconds: Int
    }

    let path: String
    let descriptor: Int32
    let state: State

    package init(opening path: String) throws {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o644)
        guard descriptor >= 0 else {
            throw Failure.data(
                "cannot lock the run: \(String(cString: strerror(errno)))", at: path,
                remedy: "check the permissions of the run directory and of this file")
        }
        self.path = path
        self.descriptor = descriptor
        let locked = flock(descriptor, LOCK_EX | LOCK_NB)
        let code = errno
        let isNamed = LockFile.isNamed(descriptor, path)
        state =
            if locked == 0 { isNamed ? .ours : .replaced } else if code == EWOULDBLOCK { .others } else {
                .unknown
            }
    }

    deinit { close(descriptor) }

    /// The holder's lease; nil if there is none or it cannot be parsed.
    package var lease: Lease? {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = pread(descriptor, &bytes, bytes.count, 0)
        return try? JSONValue(parsing: Data(bytes.prefix(max(0, count))), at: path).decoded(from: path)
    }

    package var touch: Touch {
        var status = stat()
        fstat(descriptor, &status)
        return Touch(seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec)
    }

    /// Seconds since the last touch, by the file system's clock: the hosts of a network disagree on the time.
    var age: Double {
        var template = Array("\(path)-XXXXXX".utf8CString)
        let probe = mkstemp(&template)
        guard probe >= 0 else { return 0 }
        defer { close(probe) }
        var status = stat()
        fstat(probe, &status)
        unlink(template)
        return Double(status.st_mtim.tv_sec - touch.seconds)
    }

    func write(_ lease: Lease) throws {
        let bytes = Array((try JSONValue(encoding: lease).encoded() + "\n").utf8)
        guard ftruncate(descriptor, 0) == 0, pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else {
            throw Failure.data("cannot write: \(String(cString: strerror(errno)))", at: path)
        }
        // Without locks two jobs may get this far: both then read the lease that was written last.
        if state == .unknown {
            usleep(200_000)
            guard self.lease == lease else {
                throw Failure.usage("another job has just taken the run", at: path)
            }
        }
    }

    /// Removes the file unless its name belongs to another by now; call it under the lock.
    func remove() { if LockFile.isNamed(descriptor, path) { unlink(path) } }

    private static func isNamed(_ descriptor: Int32, _ path: String) -> Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && stat(path, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }
}
