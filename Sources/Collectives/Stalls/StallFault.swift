/// A fault for trying what a stalled rank does to a job: the rank stops itself (SIGSTOP), once, where it
/// enters a phase.
///
/// `HADAMESH_STOP_AT=RANK:PHASE[:STEP]` names the rank, the ``RankPhase``, and after how many steps.
package struct StallFault: Equatable {
    package let phase: RankPhase
    package let step: Int

    /// Reads the variable; nil where it names another rank, or nothing.
    package init?(_ environment: [String: String], rank: Int) {
        let parts = (environment["HADAMESH_STOP_AT"] ?? "").split(separator: ":").map(String.init)
        guard (2...3).contains(parts.count), parts[0] == "\(rank)",
            let phase = RankPhase.allCases.first(where: { "\($0)" == parts[1] })
        else { return nil }
        self.phase = phase
        step = parts.count == 3 ? Int(parts[2]) ?? 0 : 0
    }

    /// Whether the rank stops itself now.
    package func isDue(_ phase: RankPhase, step: Int) -> Bool { phase == self.phase && step >= self.step }
}
