import Diagnostics
package import Formats

extension AdapterSimilarity {
    /// The largest number of pairs that are columns.
    static let mostPairs = 10

    /// The report without a final line feed: cosines by tensor and layer, their means over layers, and norms.
    ///
    /// With more than ten pairs, a row has the lowest, mean and highest cosine, and a matrix of adapters
    /// shows each tensor's means over the layers.
    /// A text table is at most `width` characters wide, if possible, in several blocks if necessary.
    package func report(_ format: TableFormat = .text, width: Int = .max) throws -> String {
        // A matrix of adapters has one column of names, the other tables have tensor and layer.
        let tables =
            [("cosine of what training changed", cosines)] + matrices + [("norm of the change", norms)]
        let parts = tables.map { title, rows in
            TableReport.Part(
                title, TextTable(rows, numbers: true), names: rows[0].first == "tensor" ? 2 : 1)
        }
        return try TableReport(parts).text(format, width: width, json: json)
    }

    private var isWide: Bool { pairs.count > Self.mostPairs }

    private func name(_ pair: (Int, Int)) -> String { "\(members[pair.0].name)×\(members[pair.1].name)" }

    private var cosines: [[String]] {
        let columns =
            isWide ? ["lowest", "mean", "highest"] : pairs.map(name) + (pairs.count > 1 ? ["mean"] : [])
        return [["tensor", "layer"] + columns]
            + names.flatMap { name in
                let own = rows.filter { $0.tensor.name == name }
                let each = own.map { [name, layer($0.tensor)] + cells($0.likenesses) }
                return own.count > 1 ? each + [[name, "mean"] + cells(overLayers(name))] : each
            }
    }

    /// A row's cells in the columns of ``cosines``.
    private func cells(_ likenesses: [Likeness]) -> [String] {
        let known = likenesses.compactMap(\.own)
        let mean = known.mean
        guard isWide else {
            let summary = likenesses.allSatisfy { $0 == .shared } ? "shared" : text(mean)
            return likenesses.map(text) + (pairs.count > 1 ? [summary] : [])
        }
        return likenesses.allSatisfy { $0 == .shared }
            ? ["shared", "shared", "shared"] : [text(known.min()), text(mean), text(known.max())]
    }

    /// With too many pairs for columns: each tensor's means over the layers, as a matrix above the diagonal.
    private var matrices: [(String, [[String]])] {
        guard isWide else { return [] }
        return names.map { tensor in
            let means = overLayers(tensor)
            let head = [""] + members.dropFirst().map(\.name)
            let lines = members.indices.dropLast().map { first in
                [members[first].name]
                    + members.indices.dropFirst().map { second in
                        let pair = pairs.firstIndex { $0 == (first, second) }
                        return pair.map { text(means[$0]) } ?? ""
                    }
            }
            return ("\(tensor), mean over layers", [head] + lines)
        }
    }

    private var norms: [[String]] {
        [["tensor", "layer"] + members.map(\.name)]
            + names.flatMap { name in
                rows.filter { $0.tensor.name == name }.map { row in
                    [name, layer(row.tensor)] + row.norms.map { text($0) }
                }
            }
    }

    /// The mean over the layers for each pair; shared layers are excluded.
    func overLayers(_ name: String) -> [Likeness] {
        let own = rows.filter { $0.tensor.name == name }
        return pairs.indices.map { pair in
            let likenesses = own.map { $0.likenesses[pair] }
            if likenesses.allSatisfy({ $0 == .shared }) { return .shared }
            return .cosine(likenesses.compactMap(\.own).mean)
        }
    }

    private func layer(_ tensor: Tensor) -> String { tensor.layer.map(String.init) ?? "–" }

    private func text(_ value: Double?) -> String { TextTable.number(value, digits: 4) }

    private func text(_ likeness: Likeness) -> String {
        switch likeness {
        case .shared: "shared"
        case .cosine(let value): text(value)
        }
    }

    /// The report in JSON: a cosine is a number, "shared", or null if a change is zero.
    private struct Report: Encodable {
        struct Row: Encodable {
            let tensor: String
            @Nullable var layer: Int?
            let cosines: [Likeness]
            let norms: [Double]
        }

        struct Mean: Encodable {
            let tensor: String, cosines: [Likeness]
        }

        let members: [String], pairs: [[String]], tensors: [Row], means: [Mean]
    }

    private var json: Report {
        Report(
            members: members.map(\.name), pairs: pairs.map { [members[$0].name, members[$1].name] },
            tensors: rows.map {
                Report.Row(
                    tensor: $0.tensor.name, layer: $0.tensor.layer, cosines: $0.likenesses, norms: $0.norms)
            },
            means: names.map { Report.Mean(tensor: $0, cosines: overLayers($0)) })
    }
}

extension AdapterSimilarity.Likeness: Encodable {
    func encode(to encoder: any Encoder) throws {
        switch self {
        case .shared: try "shared".encode(to: encoder)
        case .cosine(let value): try value.encode(to: encoder)
        }
    }
}
