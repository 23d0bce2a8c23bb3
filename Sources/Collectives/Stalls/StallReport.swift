package import Diagnostics
import Foundation

/// A stall in words: how many ranks wait where, which one is behind, in which state, and what helps.
package struct StallReport {
    package let diagnosis: StallDiagnosis
    package let hosts: RankHosts
    /// The state of the process that is behind.
    package let process: ProcessState?

    package init(diagnosis: StallDiagnosis, hosts: RankHosts, process: ProcessState?) {
        self.diagnosis = diagnosis
        self.hosts = hosts
        self.process = process
    }

    /// The fate of the state when a job ends.
    package enum Saved: Equatable {
        /// The state after so many steps is in a checkpoint.
        case step(Int)
        /// The run had not come to its first step.
        case nothing
        /// Rank 0, which writes checkpoints, could not.
        case outOfReach
        /// Writing failed.
        case failed(String)

        var words: String {
            switch self {
            case .step(let step): "the state after step \(step) is saved"
            case .nothing: "there was no state to save yet"
            case .outOfReach: "rank 0 could not save the state, so earlier checkpoints count"
            case .failed(let why): "the state could not be saved: \(why)"
            }
        }
    }

    /// Who is behind: `rank 2 on node03, pid 3391`.
    package var culprit: String {
        guard let behind = diagnosis.behind else {
            return hosts.all.count > 1 ? "the ranks of \(hosts.others)" : "MPI"
        }
        return "rank \(behind.rank) on \(hosts.name), pid \(behind.process)"
    }

    private var waiters: String {
        let (waiting, size) = (diagnosis.waiting, hosts.size)
        guard hosts.all.count > 1 else { return "\(waiting) of \(size) ranks" }
        let here = hosts.all[hosts.own].ranks.count
        return here == 1 ? "the rank on \(hosts.name)" : "\(waiting) of the \(here) ranks on \(hosts.name)"
    }

    private var seconds: String { "\(Int(diagnosis.seconds.rounded(.down))) s" }

    /// The state of whoever is behind.
    private var state: String {
        guard diagnosis.behind != nil else {
            return hosts.all.count > 1
                ? "they cannot be seen from \(hosts.name)" : "no rank is behind, but MPI makes no progress"
        }
        return (process ?? ProcessState(letter: "S")).words
    }

    private var others: String {
        switch diagnosis.moreBehind {
        case 0: ""
        case 1: ", and 1 more rank is behind"
        default: ", and \(diagnosis.moreBehind) more ranks are behind"
        }
    }

    /// The remedy while the job still waits.
    private var remedy: String {
        if let behind = diagnosis.behind {
            return (process ?? ProcessState(letter: "S")).remedy(behind.process)
        }
        return hosts.all.count > 1
            ? "see whether these hosts run and can be reached" : "end the job and start it again"
    }

    /// The warning; `left` is how many seconds are left until the job ends, nil where it never does.
    package func warning(left: Double?) -> String {
        let end = left.map { "; otherwise the job ends in \(Int(max(0, $0).rounded())) s" } ?? ""
        let verb = diagnosis.waiting == 1 ? "has" : "have"
        let place = diagnosis.behind.map { "it is still in \($0.place), and " } ?? ""
        return "\(waiters) \(verb) waited \(seconds) in \(diagnosis.waiter.callPlace) for \(culprit): "
            + "\(place)\(state)\(others); \(remedy)\(end)"
    }

    /// The message that the rank which was behind goes on.
    package func resumed(after seconds: Double) -> String {
        "\(culprit) went on after \(Int(seconds.rounded())) s"
    }

    /// The failure that ends the job.
    package func failure(_ saved: Saved) -> Failure {
        let place = (diagnosis.behind ?? diagnosis.waiter).place
        let isGoingOn =
            switch saved {
            case .step: true
            case .nothing: false
            case .outOfReach, .failed: (diagnosis.behind ?? diagnosis.waiter).phase != .startUp
            }
        // Before a run has begun there is no state that rank 0 could have failed to save.
        let outcome = isGoingOn || saved == .nothing ? saved.words : Saved.nothing.words
        return Failure(
            .stalled, at: culprit,
            "no progress in \(place) while \(waiters) waited \(seconds); \(state)\(others); \(outcome)",
            remedy: isGoingOn ? "go on with --resume" : "start again")
    }

    /// The message of a job that was asked to stop and did so without the rank that is behind.
    package func stopped(step: Int) -> String {
        "stopped after the checkpoint of step \(step), without waiting for \(culprit): \(state)\(others); "
            + "go on with --resume"
    }
}
