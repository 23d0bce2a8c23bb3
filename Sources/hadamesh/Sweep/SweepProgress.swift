import Diagnostics

/// The line that tells how many runs of a sweep are done, running and waiting; shown by rank 0.
final class SweepProgress {
    private let status: StatusLine
    private let isQuiet: Bool
    private var claims: TrialClaims?
    private var count = 0
    private var groups = 1
    private var part = ""
    /// The runs of this part that rank 0's group has trained, and their seconds.
    private var trained = 0
    private var seconds = 0.0
    /// The start of rank 0's current run.
    private var began = 0.0

    /// Shows the line on rank 0's status line; finished runs are announced from all ranks, unless quiet.
    init(_ status: StatusLine, isQuiet: Bool) { (self.status, self.isQuiet) = (status, isQuiet) }

    /// Begins a part of the sweep: a number of runs on a number of groups.
    func begin(_ part: String, count: Int, on groups: Int, _ claims: TrialClaims) {
        (self.part, self.count, self.groups, self.claims) = (part, count, groups, claims)
        (trained, seconds) = (0, 0)
        status.begin()
    }

    func beginRun() { began = MonotonicClock.seconds }

    /// Adds a run that has just been trained to those from which the time left is estimated.
    func endRun() {
        trained += 1
        seconds += MonotonicClock.seconds - began
    }

    /// Shows the line, with the place of rank 0's run.
    func show(_ place: String) {
        guard let claims else { return }
        status.show {
            let (taken, done) = claims.counts
            let (running, waiting) = (taken - done, count - taken)
            return "\(part): \(done) of \(count) runs done, \(running) running, \(waiting) waiting"
                + left(running: running, waiting: waiting) + "; \(place)"
        }
    }

    /// The time left if every run takes as long as those of rank 0 and is as far as its current one; fewer
    /// runs than groups leave some groups idle.
    private func left(running: Int, waiting: Int) -> String {
        guard trained > 0 else { return "" }
        let mean = seconds / Double(trained)
        let rest = max(0, mean - (MonotonicClock.seconds - began))
        let all = Double(waiting) * mean + Double(running) * rest
        return ", \(WorkTimer.duration(all / Double(max(1, min(groups, running + waiting))))) left"
    }

    /// Prints a line that stays, from any rank.
    func say(_ line: String) {
        if !isQuiet { StandardError.say(line) }
    }

    func close() { status.close() }
}
