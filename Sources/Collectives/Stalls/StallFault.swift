/// Fault injection for stalls: the rank stops itself (SIGSTOP) once, on entering a phase.
///
/// `HADAMESH_STOP_AT=RANK:PHASE[:STEP]` sets the rank, the ``RankPhase`` and the minimum number of steps.
package struct StallFault: Equatable {
    package let phase: RankPhase
    package let step: Int

    /// Nil if the variable is unset or names another rank.
    package init?(_ environment: [String: String], rank: Int) {
        let parts = (environment["HADAMESH_STOP_AT"] ?? "").split(separator: ":").map(String.init)
        guard (2...3).contains(parts.count), parts[0] == "\(rank)",
            let phase = RankPhase.allCases.first(where: { "\($0)" == parts[1] })
        else { return nil }
        self.phase = phase
        step = parts.count == 3 ? Int(parts[2]) ?? 0 : 0
    }

    package func isDue(_ phase: RankPhase, step: Int) -> Bool { phase == self.phase && step >= self.step }
}
