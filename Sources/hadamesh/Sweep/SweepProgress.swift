import Diagnostics

/// The line that tells how many runs of a sweep are done, running and left; shown by rank 0.
final class SweepProgress {
    private let status: StatusLine
    private let isQuiet: Bool
    private var claims: TrialClaims?
    private var count = 0
    private var part = ""
    private var timer = WorkTimer()

    /// Shows the line on rank 0's status line; finished runs are announced from all ranks, unless quiet.
    init(_ status: StatusLine, isQuiet: Bool) { (self.status, self.isQuiet) = (status, isQuiet) }

    /// Begins a part of the sweep with a number of runs.
    func begin(_ part: String, count: Int, _ claims: TrialClaims) {
        (self.part, self.count, self.claims) = (part, count, claims)
        timer = WorkTimer()
        status.begin()
    }

    func show() {
        guard let claims else { return }
        status.show {
            let (taken, done) = claims.counts
            let left = timer.left(count - done, after: done)
            return
                "\(part): \(done) of \(count) runs done, \(taken - done) running, \(count - taken) to begin"
                + left
        }
    }

    /// Prints a line that stays, from any rank.
    func say(_ line: String) {
        if !isQuiet { StandardError.say(line) }
    }

    func close() { status.close() }
}
