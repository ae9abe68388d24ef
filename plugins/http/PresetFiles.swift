extension PackageResources {
    /// The files in `presets`, as the build has put them into the program.
    static let presets: [(name: String, file: [UInt8])] = [
        ("cloudflare-workers", cloudflare_workers_json), ("convex", convex_json), ("doppler", doppler_json),
        ("fly", fly_json), ("heroku", heroku_json), ("huggingface", huggingface_json), ("railway", railway_json),
        ("render", render_json), ("supabase", supabase_json),
    ]
}
