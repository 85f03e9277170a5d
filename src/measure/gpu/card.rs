//! A graphics device opened for measuring, and the clock of what it is given to do.

use std::sync::{Arc, Mutex};
use std::time::Instant;

use wgpu::{
    Adapter, BindGroup, BindGroupDescriptor, BindGroupEntry, Buffer, BufferDescriptor, BufferUsages, CommandEncoder,
    CommandEncoderDescriptor, ComputePassDescriptor, ComputePassTimestampWrites, ComputePipeline,
    ComputePipelineDescriptor, Device, DeviceDescriptor, Features, MapMode, PollType, Queue, ShaderModuleDescriptor,
    ShaderRuntimeChecks, ShaderSource,
};

use super::timing::Timed;

/// A device of its own, with all its adapter allows.
pub(super) struct Card {
    pub(super) device: Device,
    pub(super) queue: Queue,
    pub(super) features: Features,
    clock: Option<TimestampClock>,
    trouble: Arc<Mutex<Option<String>>>,
}

/// Where the GPU writes the time.
struct TimestampClock {
    queries: wgpu::QuerySet,
    resolved: Buffer,
    readable: Buffer,
    nanoseconds: f64,
}

impl Card {
    /// Opens a device on an adapter.
    ///
    /// # Errors
    /// What the driver said.
    pub(super) fn open(adapter: &Adapter) -> Result<Self, String> {
        let wanted = Features::TIMESTAMP_QUERY | Features::SHADER_F16 | Features::MAPPABLE_PRIMARY_BUFFERS;
        let features = adapter.features() & wanted;
        let descriptor = DeviceDescriptor {
            label: Some("measure"),
            required_features: features,
            required_limits: adapter.limits(),
            ..DeviceDescriptor::default()
        };
        let (device, queue) =
            pollster::block_on(adapter.request_device(&descriptor)).map_err(|error| error.to_string())?;
        let trouble = Arc::new(Mutex::new(None));
        let kept = trouble.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            // The first says what went wrong; the rest follow from it.
            if let Ok(mut kept) = kept.lock() {
                kept.get_or_insert_with(|| error.to_string());
            }
        }));
        let clock = features.contains(Features::TIMESTAMP_QUERY).then(|| TimestampClock {
            queries: device.create_query_set(&wgpu::QuerySetDescriptor {
                label: None,
                ty: wgpu::QueryType::Timestamp,
                count: 2,
            }),
            resolved: buffer(&device, 16, BufferUsages::QUERY_RESOLVE | BufferUsages::COPY_SRC),
            readable: buffer(&device, 16, BufferUsages::MAP_READ | BufferUsages::COPY_DST),
            nanoseconds: f64::from(queue.get_timestamp_period()),
        });
        Ok(Self { device, queue, features, clock, trouble })
    }

    /// What the driver complained of since the card was opened.
    ///
    /// # Errors
    /// Its words.
    pub(super) fn check(&self) -> Result<(), String> {
        match self.trouble.lock() {
            Ok(mut trouble) => trouble.take().map_or(Ok(()), Err),
            Err(_) => Err("its error handler broke".to_owned()),
        }
    }

    /// A buffer, or none where there is no room for it.
    pub(super) fn try_buffer(&self, size: u64, usage: BufferUsages) -> Option<Buffer> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let valid = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let made = buffer(&self.device, size, usage);
        let refused = [pollster::block_on(valid.pop()), pollster::block_on(memory.pop())];
        refused.iter().all(Option::is_none).then_some(made)
    }

    /// The largest buffer of a usage up to `most` bytes: half as much each time there is no room, down to `least`.
    pub(super) fn largest_buffer(&self, most: u64, least: u64, usage: BufferUsages) -> Option<Buffer> {
        let mut size = most;
        while size >= least {
            if let Some(made) = self.try_buffer(size, usage) {
                return Some(made);
            }
            size /= 2;
        }
        None
    }

    /// Words the GPU reads, the same for all its threads.
    pub(super) fn uniform(&self, words: &[u32]) -> Buffer {
        let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
        let uniform = buffer(&self.device, bytes.len() as u64, BufferUsages::UNIFORM | BufferUsages::COPY_DST);
        self.queue.write_buffer(&uniform, 0, &bytes);
        uniform
    }

    /// A pipeline of a module whose indices are all proven to be in range.
    pub(super) fn pipeline(&self, source: &str, entry: &str) -> ComputePipeline {
        let descriptor =
            ShaderModuleDescriptor { label: Some(entry), source: ShaderSource::Wgsl(source.to_owned().into()) };
        // SAFETY: both modules of this folder index `data` below rounds * 8 * threads only, and `sink` at 0; what
        // they are given is made to that size. Loops end after a count that is given.
        let module = unsafe { self.device.create_shader_module_trusted(descriptor, ShaderRuntimeChecks::unchecked()) };
        self.device.create_compute_pipeline(&ComputePipelineDescriptor {
            label: Some(entry),
            layout: None,
            module: &module,
            entry_point: Some(entry),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        })
    }

    /// Buffers in the order of a pipeline's bindings.
    pub(super) fn bind(&self, pipeline: &ComputePipeline, bindings: &[(u32, &Buffer)]) -> BindGroup {
        let entries: Vec<BindGroupEntry<'_>> = bindings
            .iter()
            .map(|(binding, buffer)| BindGroupEntry { binding: *binding, resource: buffer.as_entire_binding() })
            .collect();
        self.device.create_bind_group(&BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        })
    }

    /// Runs a pipeline `times` in one submission, and waits.
    ///
    /// # Errors
    /// What the driver said.
    pub(super) fn dispatch(
        &self,
        pipeline: &ComputePipeline,
        group: &BindGroup,
        workgroups: u32,
        times: u32,
    ) -> Result<Timed, String> {
        let mut encoder = self.device.create_command_encoder(&CommandEncoderDescriptor::default());
        {
            let timestamp_writes = self.clock.as_ref().map(|clock| ComputePassTimestampWrites {
                query_set: &clock.queries,
                beginning_of_pass_write_index: Some(0),
                end_of_pass_write_index: Some(1),
            });
            let mut pass = encoder.begin_compute_pass(&ComputePassDescriptor { label: None, timestamp_writes });
            pass.set_pipeline(pipeline);
            pass.set_bind_group(0, group, &[]);
            for _ in 0..times {
                pass.dispatch_workgroups(workgroups, 1, 1);
            }
        }
        if let Some(clock) = &self.clock {
            encoder.resolve_query_set(&clock.queries, 0..2, &clock.resolved, 0);
            encoder.copy_buffer_to_buffer(&clock.resolved, 0, &clock.readable, 0, 16);
        }
        let wall = self.run(encoder)?;
        Ok(Timed { gpu: self.read_clock(), wall })
    }

    /// Submits, waits to the end, and returns the seconds that took.
    ///
    /// # Errors
    /// What the driver said.
    pub(super) fn run(&self, encoder: CommandEncoder) -> Result<f64, String> {
        let commands = encoder.finish();
        let began = Instant::now();
        self.queue.submit([commands]);
        self.device.poll(PollType::wait_indefinitely()).map_err(|error| error.to_string())?;
        let seconds = began.elapsed().as_secs_f64();
        self.check()?;
        Ok(seconds)
    }

    /// Seconds between the two timestamps.
    fn read_clock(&self) -> Option<f64> {
        let clock = self.clock.as_ref()?;
        let slice = clock.readable.slice(..);
        slice.map_async(MapMode::Read, |_| {});
        self.device.poll(PollType::wait_indefinitely()).ok()?;
        let ticks = {
            let view = slice.get_mapped_range().ok()?;
            let word = |at: usize| view.get(at..at + 8)?.try_into().ok().map(u64::from_le_bytes);
            word(8)?.checked_sub(word(0)?)
        };
        clock.readable.unmap();
        ticks.map(|ticks| ticks as f64 * clock.nanoseconds * 1e-9)
    }
}

fn buffer(device: &Device, size: u64, usage: BufferUsages) -> Buffer {
    device.create_buffer(&BufferDescriptor { label: None, size, usage, mapped_at_creation: false })
}
