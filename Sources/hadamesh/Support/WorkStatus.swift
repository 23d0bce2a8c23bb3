import Formats

/// Shows counted work on a status line: its name, the parts done, and the time left.
final class WorkStatus {
    private let status: StatusLine
    private var name = ""
    /// The parts done at the first report, from which the pace is measured.
    private var first = 0
    private var timer = WorkTimer()

    init(_ status: StatusLine) { self.status = status }

    /// Shows `name 320/1,043, 27 s left`, and a note behind it; another name begins other work.
    func show(_ name: String, _ done: Int, of total: Int, note: String = "") {
        if self.name != name || done < first {
            (self.name, first) = (name, done)
            timer = WorkTimer()
            status.begin()
        }
        let left = timer.left(total - done, after: done - first)
        status.show {
            done == 0 ? "\(name)\(note)" : "\(name) \(done.grouped)/\(total.grouped)\(left)\(note)"
        }
        if done == total { end() }
    }

    /// Ends the work: its next report begins it anew.
    func end() { name = "" }
}
