import Diagnostics
import Formats
import Kernels

/// Finds a backbone's tensors under its family's names and checks them, before memory is allocated.
struct WeightResolver {
    private let folder: SafetensorsFolder
    private let configuration: EncoderConfiguration
    private let arithmetic: ProductArithmetic
    private let prefix: String
    private var locations: [String: Location] = [:]
    private var conversions: [Conversion] = []
    /// The file's names of the tensors that are used in place.
    private var mappedNames: [String] = []
    /// Bytes of the tensors that are used in place.
    private(set) var mappedBytes = 0
    /// Bytes of the converted tensors, as floats.
    private(set) var convertedBytes = 0
    /// Floats of the converted tensors with the gaps between them.
    private var floatsNeeded = 0

    private enum Location {
        case mapped(FrozenWeight.Storage)
        /// The first float in the memory for converted tensors.
        case converted(Int)
    }

    private struct Conversion {
        let name: String
        let offset: Int
        let count: Int
    }

    /// Every converted tensor begins at a multiple of 64 bytes.
    private static let floatsPerLine = 16

    init(
        _ folder: SafetensorsFolder, _ configuration: EncoderConfiguration, _ arithmetic: ProductArithmetic
    ) throws {
        self.folder = folder
        self.arithmetic = arithmetic
        self.configuration = configuration
        let family = configuration.family
        for model in family.refused {
            guard let name = folder.names.first(where: { model.tensors.contains(where: $0.hasPrefix) })
            else { continue }
            throw Failure.data(
                "has the tensor '\(name)': \(model.title)", at: folder.path, remedy: model.remedy)
        }
        let (first, whole) = (family.tensors.words, family.tensors.prefix + family.tensors.words)
        guard let name = folder.names.first(where: { $0 == first || $0 == whole }) else {
            let names = folder.names.prefix(3).joined(separator: ", ")
            throw Failure.data(
                "no tensor '\(first)' or '\(whole)'; the file has \(names), …", at: folder.path,
                remedy: "expected the weights of a \(family.title) encoder")
        }
        prefix = String(name.dropLast(first.count))
    }

    func has(_ name: String) -> Bool { fileName(name) != nil }

    /// The tensor's name in the file, with today's ending or a former one.
    private func fileName(_ name: String) -> String? {
        let former = configuration.family.tensors.formerEndings.compactMap { ending, former in
            name.hasSuffix(ending) ? String(name.dropLast(ending.count)) + former : nil
        }
        return ([name] + former).map { prefix + $0 }.first { folder.tensors[$0] != nil }
    }

    /// Finds a tensor and checks its shape and type.
    mutating func find(_ name: String, _ shape: [Int], as form: TensorViews.Form) throws {
        guard let found = fileName(name), let entry = folder.tensors[found] else {
            throw Failure.data(
                "tensor '\(prefix)\(name)' is missing", at: folder.path,
                remedy: "config.json asks for \(configuration.layers) layers of width "
                    + "\(configuration.hidden); do both files belong to the same model?")
        }
        guard entry.shape == shape else {
            throw Failure.data(
                "tensor '\(found)' has shape \(entry.shape), config.json asks for \(shape)", at: folder.path,
                remedy: "config.json and the weights must come from the same model")
        }
        let bytes = entry.count * MemoryLayout<Float>.stride
        // The shape check has refused a tensor without elements, so there is a base address.
        if let base = folder.mappedFloats(found)?.baseAddress {
            locations[name] = .mapped(.float32(base))
            mappedBytes += bytes
            mappedNames.append(found)
            return
        }
        if form == .weight, arithmetic == .bfloat16, let base = folder.mappedBFloat16(found)?.baseAddress {
            locations[name] = .mapped(.bfloat16(base))
            mappedBytes += bytes / 2
            mappedNames.append(found)
            return
        }
        try folder.checkFloats(found)
        locations[name] = .converted(floatsNeeded)
        conversions.append(Conversion(name: found, offset: floatsNeeded, count: entry.count))
        convertedBytes += bytes
        let lines = (entry.count + Self.floatsPerLine - 1) / Self.floatsPerLine
        floatsNeeded += lines * Self.floatsPerLine
    }

    /// Bytes of the memory for converted tensors.
    var bytesNeeded: Int { floatsNeeded * MemoryLayout<Float>.stride }

    /// Converts every tensor that is not used in place, and checks that its numbers are finite.
    func convert(into memory: UnsafeMutableRawBufferPointer) throws {
        let floats = memory.bindMemory(to: Float.self)
        for conversion in conversions {
            let range = conversion.offset..<conversion.offset + conversion.count
            let converted = UnsafeMutableBufferPointer(rebasing: floats[range])
            try folder.copyFloats(conversion.name, into: converted)
            try requireFinite(
                UnsafeBufferPointer(converted), conversion.name,
                remedy: "the file is damaged, or was stored as F16 with numbers beyond its range; "
                    + "copy or download it again")
        }
    }

    /// Checks that every number of the tensors used in place is finite.
    ///
    /// Otherwise a gradient would overflow much later, and look like the fault of the learning rate.
    func checkMapped() throws {
        let remedy = "the file is damaged; copy or download it again"
        for name in mappedNames {
            if let floats = folder.mappedFloats(name) {
                try requireFinite(floats, name, remedy: remedy)
            } else if let halves = folder.mappedBFloat16(name) {
                let largest = halves.reduce(0 as UInt16) { max($0, $1 & 0x7f80) }
                if largest < 0x7f80 { continue }
                let floats = try folder.floats(name)
                try floats.withUnsafeBufferPointer { try requireFinite($0, name, remedy: remedy) }
            }
        }
    }

    private func requireFinite(_ floats: UnsafeBufferPointer<Float>, _ name: String, remedy: String) throws {
        // A number is not finite if its exponent bits are all ones. No branches, for speed.
        let largest = floats.reduce(0 as UInt32) { max($0, $1.bitPattern & 0x7f80_0000) }
        if largest < 0x7f80_0000 { return }
        let index = floats.firstIndex { !$0.isFinite } ?? 0
        throw Failure.data(
            "element \(index) is \(floats[index]), expected a finite number",
            at: "\(folder.file(holding: name)?.path ?? folder.path): tensor '\(name)'", remedy: remedy)
    }

    /// Refuses a file with more layers than `config.json` states: without them it would be another model.
    func requireNoMoreLayers() throws {
        let start = prefix + configuration.family.tensors.layers
        let numbers = folder.tensors.keys.compactMap { name in
            name.hasPrefix(start) ? Int(name.dropFirst(start.count).prefix { $0 != "." }) : nil
        }
        guard let highest = numbers.max(), highest >= configuration.layers else { return }
        let layers = configuration.layers
        throw Failure.data(
            "has tensors of layer \(highest), config.json asks for \(layers) layers, 0-\(layers - 1)",
            at: folder.path, remedy: "config.json and the weights must come from the same model")
    }

    /// The numbers of a found tensor, given the memory for converted ones.
    func storage(_ name: String, _ converted: UnsafeRawBufferPointer) -> FrozenWeight.Storage {
        switch locations[name] {
        case .mapped(let storage): return storage
        case .converted(let offset):
            if let start = converted.baseAddress {
                return .float32(start.assumingMemoryBound(to: Float.self) + offset)
            }
        case nil: break
        }
        preconditionFailure("tensor '\(name)' was not found before it is read")
    }
}
