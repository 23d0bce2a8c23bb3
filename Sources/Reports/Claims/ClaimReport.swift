package import Formats
import Runs

/// The verdicts on all claims, as a table.
package struct ClaimReport: Sendable {
    package let verdicts: [Verdict]
    /// Whether the folder has no finished sweep of any claim.
    package let isEmpty: Bool

    /// Reads the sweeps in a folder, as `launch/claims` leaves them.
    package init(_ folder: String) throws {
        verdicts = try Claim.all.map { try Verdict($0, in: folder) }
        let sweeps = Set(Claim.all.flatMap { [$0.arm.sweep, $0.reference.sweep] })
        isEmpty = try sweeps.allSatisfy {
            try SweepResults.read(SweepDirectory(path: "\(folder)/\($0)")) == nil
        }
    }

    /// The table to read: the source stands with its claim, and the runs in one column.
    private var table: TextTable {
        let rows = verdicts.map { verdict in
            let runs = verdict.steps.map { "\(verdict.ratios?.values.count ?? 0) × \($0.grouped)" }
            return [
                verdict.outcome.rawValue, "\(verdict.claim.text) (\(verdict.claim.source))",
                Self.needed(verdict.claim), Self.found(verdict), runs ?? "–",
            ]
        }
        return TextTable([["verdict", "claim", "needs", "found", "seeds × steps"]] + rows)
    }

    /// The table with a column for each fact.
    private var exactTable: TextTable {
        let rows = verdicts.map { verdict in
            [
                verdict.claim.text, Self.needed(verdict.claim), Self.found(verdict),
                "\(verdict.ratios?.values.count ?? 0)", verdict.steps.map(\.grouped) ?? "–",
                verdict.outcome.rawValue, verdict.claim.source,
            ]
        }
        return TextTable([["claim", "needs", "found", "seeds", "steps", "verdict", "who says so"]] + rows)
    }

    private static func needed(_ claim: Claim) -> String {
        (claim.isStrict ? "> " : "") + "\(percent(claim.share, digits: 0)) %"
    }

    private static func found(_ verdict: Verdict) -> String {
        guard let ratios = verdict.ratios else { return "–" }
        let half = ratios.halfWidth.map { " ± \(percent($0, digits: 1))" } ?? ""
        return "\(percent(ratios.mean, digits: 1))\(half) %"
    }

    private static func percent(_ share: Double, digits: Int) -> String {
        TextTable.number(100 * share, digits: digits)
    }

    private static let note =
        "found: the mean over seeds of the ratio of mean scores, ± its 95 % confidence interval by "
        + "Student's t; a claim is supported if the interval lies at what it needs or above, not supported "
        + "if below. A claim to save parameters or operations needs fewer of them too. steps: those that "
        + "each run trained, to which its verdict is limited."

    /// Lines about verdicts of which a run failed, or whose arm saves nothing.
    private var remarks: [String] { verdicts.flatMap { [$0.failures, $0.unsaved].compactMap(\.self) } }

    /// The table in a format, without a final line feed.
    package func text(_ format: TableFormat, width: Int) throws -> String {
        try TableReport([.init(nil, table, exact: exactTable)], notes: [Self.note] + remarks)
            .text(format, width: width, json: verdicts.map(Row.init))
    }

    /// A verdict in JSON.
    private struct Row: Encodable {
        struct Failed: Encodable {
            let arm: String, seed: UInt64, reason: String
        }

        let claim: String, share: Double, ratios: [Double]
        @Nullable var mean: Double?
        @Nullable var halfWidth: Double?
        @Nullable var steps: Int?
        let verdict: Verdict.Outcome
        @Nullable var excess: String?
        let failed: [Failed]

        init(_ verdict: Verdict) {
            (claim, share) = (verdict.claim.text, verdict.claim.share)
            (ratios, steps) = (verdict.ratios?.values ?? [], verdict.steps)
            (mean, halfWidth) = (verdict.ratios?.mean, verdict.ratios?.halfWidth)
            (self.verdict, excess) = (verdict.outcome, verdict.excess)
            failed = verdict.failed.map { Failed(arm: $0.arm.name, seed: $0.seed, reason: $0.reason) }
        }
    }
}
