import Diagnostics
import Formats
import Kernels

/// Where the tensors of a backbone are: found under the names that files of the BERT family have used, and
/// their shapes and types checked, before memory is asked for.
struct TensorSurvey {
    private let folder: SafetensorsFolder
    private let configuration: EncoderConfiguration
    private let prefix: String
    private var places: [String: TensorPlace] = [:]
    private var conversions: [Conversion] = []
    /// The names, in the file, of the tensors that are used in place.
    private var mappedNames: [String] = []
    /// Bytes of the tensors that are used in place.
    private(set) var mappedBytes = 0
    /// Bytes of the tensors that must be converted, as floats.
    private(set) var convertedBytes = 0
    /// Floats that the converted tensors take with the gaps between them.
    private var floatsNeeded = 0

    private enum TensorPlace {
        case mapped(UnsafePointer<Float>)
        /// In floats from the start of the memory for converted tensors.
        case converted(Int)
    }

    /// A tensor of the file, and its first float in the memory for converted tensors.
    private struct Conversion {
        let name: String
        let offset: Int
        let count: Int
    }

    /// Every converted tensor begins at a multiple of 64 bytes.
    private static let floatsPerLine = 16

    init(_ folder: SafetensorsFolder, _ configuration: EncoderConfiguration) throws {
        self.folder = folder
        self.configuration = configuration
        let first = BertNames.words
        guard let name = folder.names.first(where: { $0 == first || $0 == "bert.\(first)" }) else {
            throw Failure.data(
                "no tensor '\(first)' or 'bert.\(first)'; the file has \(folder.names.prefix(3).joined(separator: ", ")), …",
                at: folder.path, remedy: "expected the weights of a BERT encoder")
        }
        prefix = String(name.dropLast(first.count))
    }

    /// Whether the file has a tensor.
    func has(_ name: String) -> Bool { fileName(name) != nil }

    /// Old checkpoints call a LayerNorm's weight and bias gamma and beta.
    private func fileName(_ name: String) -> String? {
        let old = name.replacingSuffix("LayerNorm.weight", by: "LayerNorm.gamma")
            .replacingSuffix("LayerNorm.bias", by: "LayerNorm.beta")
        return [prefix + name, prefix + old].first { folder.tensors[$0] != nil }
    }

    /// Finds a tensor of a shape.
    mutating func find(_ name: String, _ shape: [Int]) throws {
        guard let found = fileName(name), let entry = folder.tensors[found] else {
            throw Failure.data(
                "tensor '\(prefix)\(name)' is missing", at: folder.path,
                remedy:
                    "config.json asks for \(configuration.layers) layers of width \(configuration.hidden); is it this model's?"
            )
        }
        guard entry.shape == shape else {
            throw Failure.data(
                "tensor '\(found)' has shape \(entry.shape), config.json asks for \(shape)", at: folder.path,
                remedy: "config.json and the weights must come from the same model")
        }
        let bytes = entry.count * MemoryLayout<Float>.stride
        // A tensor of no elements was refused by the shape check, so there is a first one.
        if let base = folder.mappedFloats(found)?.baseAddress {
            places[name] = .mapped(base)
            mappedBytes += bytes
            mappedNames.append(found)
            return
        }
        try folder.checkFloats(found)
        places[name] = .converted(floatsNeeded)
        conversions.append(Conversion(name: found, offset: floatsNeeded, count: entry.count))
        convertedBytes += bytes
        let lines = (entry.count + Self.floatsPerLine - 1) / Self.floatsPerLine
        floatsNeeded += lines * Self.floatsPerLine
    }

    /// Bytes of the memory for converted tensors.
    var bytesNeeded: Int { floatsNeeded * MemoryLayout<Float>.stride }

    /// Converts every tensor that is not used in place; its numbers, which are all read for once, must be finite.
    func convert(into memory: UnsafeMutableRawBufferPointer) throws {
        let floats = memory.bindMemory(to: Float.self)
        for conversion in conversions {
            let range = conversion.offset..<conversion.offset + conversion.count
            let converted = UnsafeMutableBufferPointer(rebasing: floats[range])
            try folder.copyFloats(conversion.name, into: converted)
            try requireFinite(
                UnsafeBufferPointer(converted), conversion.name,
                remedy:
                    "the file is damaged, or was stored as F16 with numbers beyond its range; copy or download it again"
            )
        }
    }

    /// Reads every number of the tensors that are used in place, which must be finite.
    ///
    /// They would otherwise show as a gradient that is not, long after, and be taken for a learning rate too high.
    func checkMapped() throws {
        for name in mappedNames {
            guard let floats = folder.mappedFloats(name) else { continue }
            try requireFinite(floats, name, remedy: "the file is damaged; copy or download it again")
        }
    }

    private func requireFinite(_ floats: UnsafeBufferPointer<Float>, _ name: String, remedy: String) throws {
        // A number whose exponent is full is not finite. Without branches, so that it costs little.
        let largest = floats.reduce(0 as UInt32) { max($0, $1.bitPattern & 0x7f80_0000) }
        if largest < 0x7f80_0000 { return }
        let index = floats.firstIndex { !$0.isFinite } ?? 0
        throw Failure.data(
            "element \(index) is \(floats[index]), expected a finite number",
            at: "\(folder.file(holding: name)?.path ?? folder.path): tensor '\(name)'", remedy: remedy)
    }

    /// Refuses a file with layers that `config.json` doesn't ask for: without them it would be another model.
    func requireNoMoreLayers() throws {
        let start = "\(prefix)\(BertNames.layerPrefix)"
        let numbers = folder.tensors.keys.compactMap { name in
            name.hasPrefix(start) ? Int(name.dropFirst(start.count).prefix { $0 != "." }) : nil
        }
        guard let highest = numbers.max(), highest >= configuration.layers else { return }
        throw Failure.data(
            "has tensors of layer \(highest), config.json asks for \(configuration.layers) layers, 0-\(configuration.layers - 1)",
            at: folder.path, remedy: "config.json and the weights must come from the same model")
    }

    /// A found tensor's first float, given the memory that the others were converted into.
    func floats(_ name: String, _ converted: UnsafeRawBufferPointer) -> UnsafePointer<Float> {
        switch places[name] {
        case .mapped(let base): return base
        case .converted(let offset):
            if let start = converted.baseAddress { return start.assumingMemoryBound(to: Float.self) + offset }
        case nil: break
        }
        preconditionFailure("tensor '\(name)' was not found before it is read")
    }
}

extension String {
    fileprivate func replacingSuffix(_ suffix: String, by other: String) -> String {
        hasSuffix(suffix) ? dropLast(suffix.count) + other : self
    }
}
