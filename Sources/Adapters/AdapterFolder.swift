import Diagnostics
import Formats

/// A trained adapter on disk: `adapter_config.json` and `adapter_model.safetensors`, head included.
///
/// The file names are PEFT's, the tensors' names those of the slices. The safetensors bytes are a function of
/// names and values alone, so equal results give equal files.
package enum AdapterFolder {
    /// Writes both files, the configuration last; creates the folder if necessary.
    package static func write(
        _ layout: ParameterLayout, _ values: [Float], configuration: some Encodable, to directory: String
    ) throws {
        try Directory.create(directory)
        let tensors = zip(layout.slices, layout.ranges).map { slice, range in
            NamedTensor(name: slice.name, shape: slice.shape, values: .float(Array(values[range])))
        }
        try Safetensors.write(tensors, metadata: ["format": "pt"], to: "\(directory)/\(weightsName)")
        try JSONFile.write(configuration, to: "\(directory)/\(configurationName)")
    }

    /// Reads the values of a layout; a tensor that is missing, extra or of another shape is a failure that
    /// names it.
    ///
    /// With `leavingOutHead` the file may have a head that the layout lacks.
    package static func read(
        _ layout: ParameterLayout, from directory: String, leavingOutHead: Bool = false
    ) throws -> [Float] {
        let path = "\(directory)/\(weightsName)"
        let file = try SafetensorsFile(path: path)
        let names = file.names.filter { !leavingOutHead || !$0.hasPrefix(TensorName.headPrefix) }
        if let extra = names.first(where: { layout[$0] == nil }) {
            throw Failure.data(
                "has an unexpected tensor '\(extra)'", at: path,
                remedy: "adapter_config.json and the backbone must be those it was trained with")
        }
        return try layout.slices.flatMap { slice in
            guard let entry = file.tensors[slice.name] else {
                throw Failure.data("tensor '\(slice.name)' is missing", at: path)
            }
            guard entry.shape == slice.shape else {
                throw Failure.data(
                    "tensor '\(slice.name)' has shape \(entry.shape), expected \(slice.shape)", at: path)
            }
            return try file.floats(slice.name)
        }
    }

    /// The contents of a folder's `adapter_config.json`.
    package static func configuration<Content: Decodable>(
        of directory: String, as type: Content.Type = Content.self
    ) throws -> Content {
        let path = "\(directory)/\(configurationName)"
        guard let content: Content = try JSONFile.read(path) else {
            throw Failure.data(
                "no readable \(configurationName)", at: path, remedy: "expected an adapter folder")
        }
        return content
    }

    /// The paths of both files.
    static func files(of directory: String) -> [String] {
        [configurationName, weightsName].map { "\(directory)/\($0)" }
    }

    static let weightsName = "adapter_model.safetensors"
    static let configurationName = "adapter_config.json"
}
