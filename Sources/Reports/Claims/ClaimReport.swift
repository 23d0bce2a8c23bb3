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

    private var table: TextTable {
        let rows = verdicts.map { verdict in
            [
                verdict.claim.text,
                (verdict.claim.isStrict ? "> " : "") + "\(Self.percent(verdict.claim.share, digits: 0)) %",
                verdict.ratios.map { ratios in
                    let half = ratios.halfWidth.map { " ± \(Self.percent($0, digits: 1))" } ?? ""
                    return "\(Self.percent(ratios.mean, digits: 1))\(half) %"
                } ?? "–", "\(verdict.ratios?.values.count ?? 0)", verdict.steps.map(\.grouped) ?? "–",
                verdict.outcome.rawValue, verdict.claim.source,
            ]
        }
        return TextTable([["claim", "needs", "found", "seeds", "steps", "verdict", "who says so"]] + rows)
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
    package func text(_ format: TableFormat, width: Int) -> String {
        TableReport([.init(nil, table)], notes: [Self.note] + remarks).text(format, width: width, json: json)
    }

    private var json: JSONValue {
        let all = verdicts.map { verdict -> JSONValue in
            .object([
                ("claim", .string(verdict.claim.text)), ("share", .number(verdict.claim.share)),
                ("ratios", .array((verdict.ratios?.values ?? []).map { .number($0) })),
                ("mean", verdict.ratios.map { .number($0.mean) } ?? .null),
                ("halfWidth", verdict.ratios?.halfWidth.map { .number($0) } ?? .null),
                ("steps", verdict.steps.map { .integer($0) } ?? .null),
                ("verdict", .string(verdict.outcome.rawValue)),
                ("excess", verdict.excess.map { .string($0) } ?? .null),
                ("failed", .array(verdict.failed.map(Self.json))),
            ])
        }
        return .array(all)
    }

    private static func json(_ failed: Verdict.Failed) -> JSONValue {
        .object([
            ("arm", .string(failed.arm.name)), ("seed", .integer(Int(clamping: failed.seed))),
            ("reason", .string(failed.reason)),
        ])
    }
}
