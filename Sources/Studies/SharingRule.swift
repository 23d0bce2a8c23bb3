import Adapters
import Diagnostics

/// The sharing of one kind of parameter: one mode, or a mode for each range of layers.
package struct SharingRule: Sendable, Codable, Equatable {
    private let parts: [(layers: LayerSet, mode: Mode)]

    /// One mode for every layer.
    package init(_ mode: Mode) { parts = [(.all, mode)] }

    /// Reads a mode, or a mapping from layers (`0-3`) to modes, whose layers must not overlap.
    package init(from decoder: any Decoder) throws {
        if (try? decoder.singleValueContainer().decode(String.self)) != nil {
            parts = [(.all, try Mode(from: decoder))]
            return
        }
        let place = keyPath(decoder.codingPath)
        guard let container = try? decoder.container(keyedBy: RangeKey.self) else {
            throw Failure.usage(
                "expected all, groups, private, or a mapping such as {0-3: all, 4-5: private}", at: place)
        }
        parts = try container.allKeys.sorted { $0.stringValue < $1.stringValue }.map { key in
            guard let layers = LayerSet(key.stringValue) else {
                throw Failure.usage(
                    "'\(key.stringValue)' is not a set of layers such as '0-3' or '0,2'", at: place)
            }
            return (layers, try container.decode(Mode.self, forKey: key))
        }
    }

    /// Whether some layers have a mode.
    func uses(_ mode: Mode) -> Bool { parts.contains { $0.mode == mode } }

    package func encode(to encoder: any Encoder) throws {
        if parts.count == 1, parts[0].layers == .all {
            try parts[0].mode.encode(to: encoder)
        } else {
            var container = encoder.container(keyedBy: RangeKey.self)
            for part in parts { try container.encode(part.mode, forKey: RangeKey(part.layers.text)) }
        }
    }

    package static func == (left: SharingRule, right: SharingRule) -> Bool {
        left.parts.elementsEqual(right.parts) { $0.layers == $1.layers && $0.mode == $1.mode }
    }

    /// The mode of a layer, or of parameters that belong to no layer (nil).
    ///
    /// - Throws: a failure if the rule names the layer twice or not at all
    func mode(layer: Int?, of layers: Int, key: String) throws -> Mode {
        guard let layer else {
            guard parts.count == 1, parts[0].layers == .all else {
                throw Failure.usage(
                    "maps layers, but \(key == "sharing.head" ? "a head" : "an embedding or the pooler") "
                        + "belongs to no layer", at: key, remedy: "use all, groups or private")
            }
            return parts[0].mode
        }
        let found = try parts.filter { try $0.layers.indices(of: layers, key: key).contains(layer) }
        guard found.count == 1 else {
            throw Failure.usage(
                found.isEmpty
                    ? "leaves out "
                        + "layer \(layer)" : "names layer \(layer) \(found.count) times", at: key,
                remedy: "each of layers 0-\(layers - 1) needs one mode")
        }
        return found[0].mode
    }

    private struct RangeKey: CodingKey {
        let stringValue: String
        let intValue: Int? = nil
        init(_ text: String) { stringValue = text }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { return nil }
    }

    /// The tasks that share a parameter.
    package enum Mode: String, NamedChoice {
        /// All tasks share it.
        case all
        /// The tasks of each group in `sharing.groups` share it; a task in no group has its own.
        case groups
        /// Each task has its own.
        case `private`
    }
}
