import Adapters
import Encoders
import Formats

/// A family of methods in AdapterHub's form.
protocol AdapterHubEntry: SendableMetatype {
    /// The settings and tensors of a method in AdapterHub's form; nil if the entry is not for this method.
    ///
    /// A setting that AdapterHub lacks is a failure that names it.
    static func write(
        _ method: any AdapterMethod, _ slices: [ParameterSlice], _ modules: AdapterHubModules
    ) throws -> ForeignAdapter?

    /// The `adapter` section of a study without its layers; nil if the settings are not for this entry.
    static func read(
        _ settings: JSONSection, _ tensors: ForeignTensors, _ modules: AdapterHubModules
    ) throws -> [(String, JSONValue)]?
}
