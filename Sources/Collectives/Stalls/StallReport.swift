package import Diagnostics

/// The messages about a stall: who waits where, which rank is behind, its process state, and the remedy.
package struct StallReport {
    package let diagnosis: StallDiagnosis
    package let nodes: RankNodes
    /// The state of the process that is behind.
    package let process: ProcessState?

    package init(diagnosis: StallDiagnosis, nodes: RankNodes, process: ProcessState?) {
        self.diagnosis = diagnosis
        self.nodes = nodes
        self.process = process
    }

    /// The outcome of saving the state when a job ends.
    package enum Saved: Equatable {
        /// The state after this many steps is in a checkpoint.
        case step(Int)
        /// The run had not begun its first step.
        case nothing
        /// Rank 0, which writes checkpoints, could not write one.
        case outOfReach
        /// Writing failed for this reason.
        case failed(String)

        var description: String {
            switch self {
            case .step(let step): "the state after step \(step) is saved"
            case .nothing: "there was no state to save yet"
            case .outOfReach: "rank 0 could not save the state, so only earlier checkpoints remain"
            case .failed(let reason): "the state could not be saved: \(reason)"
            }
        }
    }

    /// The rank or ranks that are behind: `rank 2 on node03, pid 3391`.
    package var culprit: String {
        guard let behind = diagnosis.behind else {
            return nodes.all.count > 1 ? "the ranks of \(nodes.others)" : "MPI"
        }
        return "rank \(behind.rank) on \(nodes.hostName), pid \(behind.process)"
    }

    private var waiters: String {
        let (waiting, size) = (diagnosis.waiting, nodes.size)
        guard nodes.all.count > 1 else { return "\(waiting) of \(size) ranks" }
        let here = nodes.all[nodes.own].ranks.count
        return here == 1
            ? "the rank on \(nodes.hostName)" : "\(waiting) of the \(here) ranks on \(nodes.hostName)"
    }

    private var seconds: String { "\(Int(diagnosis.seconds.rounded(.down))) s" }

    /// The state of the culprit.
    private var state: String {
        guard diagnosis.behind != nil else {
            return nodes.all.count > 1
                ? "their state is not visible from \(nodes.hostName)"
                : "no rank is behind, but MPI makes no progress"
        }
        return (process ?? ProcessState(letter: "S")).description
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
        return nodes.all.count > 1
            ? "check that these nodes are up and reachable" : "kill the job and start it again"
    }

    /// The warning; `left` is the number of seconds until the job ends, nil if it never does.
    package func warning(left: Double?) -> String {
        let end = left.map { "; otherwise the job ends in \(Int(max(0, $0).rounded())) s" } ?? ""
        let verb = diagnosis.waiting == 1 ? "has" : "have"
        let position = diagnosis.behind.map { "it is still in \($0.position), and " } ?? ""
        return "\(waiters) \(verb) waited \(seconds) in \(diagnosis.waiter.callPosition) for \(culprit): "
            + "\(position)\(state)\(others); \(remedy)\(end)"
    }

    /// The message that the rank that was behind has resumed.
    package func resumed(after seconds: Double) -> String {
        "\(culprit) resumed after \(Int(seconds.rounded())) s"
    }

    /// The failure that ends the job; `resumption` is the command that continues the run.
    package func failure(_ saved: Saved, resumption: String) -> Failure {
        let stalled = diagnosis.behind ?? diagnosis.waiter
        let canResume =
            switch saved {
            case .step: true
            case .nothing: false
            case .outOfReach, .failed: stalled.phase != .startUp
            }
        // During start-up there is no state that rank 0 could have failed to save.
        let outcome = canResume || saved == .nothing ? saved.description : Saved.nothing.description
        return Failure(
            .stalled, at: culprit,
            "no progress in \(stalled.position) while \(waiters) waited \(seconds); \(state)\(others); "
                + outcome,
            remedy: canResume ? "resume with: \(resumption)" : "start again")
    }

    /// The message of a job that stopped on request without the rank that is behind.
    package func stopped(step: Int, resumption: String) -> String {
        "stopped after the checkpoint at step \(step), without waiting for \(culprit): \(state)\(others); "
            + "resume with: \(resumption)"
    }
}
