//! The command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use yanshu_loadgen::{BenchArgs, Inside};
use yanshu_server::config::{self, Config, Flags, prepare, reference};

/// A self-hosted instant-messaging server.
#[derive(Parser)]
#[command(name = "yanshu", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server until SIGTERM or SIGINT.
    Serve(Sources),
    /// Reads the configuration and says what is wrong with it.
    CheckConfig(Sources),
    /// Prints the reference of all settings as Markdown.
    ConfigReference,
    /// Loads a server and measures it beside the machine's own limits.
    Bench(BenchArgs),
}

#[derive(Args)]
struct Sources {
    /// The configuration file; without one every setting has its default.
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Address and port to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The folder that everything is kept in.
    #[arg(long, value_name = "FOLDER")]
    data_dir: Option<PathBuf>,
}

impl From<Sources> for config::Sources {
    fn from(arguments: Sources) -> Self {
        let Sources { config, listen, data_dir } = arguments;
        Self { file: config, flags: Flags { listen, data_dir } }
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("yanshu: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> anyhow::Result<()> {
    match command {
        Command::Serve(sources) => serve(sources.into()),
        Command::CheckConfig(sources) => {
            let config = config::Sources::from(sources).read()?;
            yanshu_server::check_files(&config)?;
            let apps = match config.apps.len() {
                0 => "no app configured: the first start makes one".to_owned(),
                1 => "1 app".to_owned(),
                count => format!("{count} apps"),
            };
            println!("the configuration is good: {apps}, listening on {}", config.listen);
            Ok(())
        }
        Command::ConfigReference => {
            print!("{}", reference());
            Ok(())
        }
        Command::Bench(args) => {
            let (store_rate, subscribe) = (yanshu_server::appends_per_second, yanshu_server::subscribe_many);
            yanshu_loadgen::run(&args, Inside { store_rate, subscribe })
        }
    }
}

fn serve(sources: config::Sources) -> anyhow::Result<()> {
    let mut config = sources.read()?;
    yanshu_server::telemetry::init(&config.log)?;
    if prepare(&mut config)? {
        show_new_app(&config);
    }
    yanshu_server::serve(&config, sources)
}

/// The keys are shown once; afterwards they are in the data folder.
fn show_new_app(config: &Config) {
    for app in &config.apps {
        println!("This is the first start: here is an app with keys of its own.");
        println!("They are kept in {}.", config.data_dir.join("app.toml").display());
        println!();
        println!("  app id      {}", app.id);
        println!("  app key     {}", app.key.expose());
        println!("  master key  {}", app.master_key.expose());
        println!("  open        {}", address_to_open(config));
        println!();
    }
}

/// Where a browser on this machine finds the server.
fn address_to_open(config: &Config) -> String {
    if let Some(url) = &config.public_url {
        return url.clone();
    }
    let port = config.listen.port();
    match config.listen.ip() {
        ip if ip.is_unspecified() => format!("http://localhost:{port}"),
        std::net::IpAddr::V4(ip) => format!("http://{ip}:{port}"),
        std::net::IpAddr::V6(ip) => format!("http://[{ip}]:{port}"),
    }
}
