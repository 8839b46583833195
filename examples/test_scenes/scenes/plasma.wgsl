// Smooth gradients that move everywhere: sums of sines, bent by each other.

@fragment fn plasma(@builtin(position) position: vec4<f32>) -> @location(0) vec4<f32> {
    let t = frame.seconds;
    let place = centred(position) * 3.0;
    let bent = place + 0.6 * vec2<f32>(sin(place.y * 1.7 + t * 0.9), cos(place.x * 1.3 - t * 0.7));
    let waves = sin(bent.x * 2.1 + t * 1.1) + sin(bent.y * 2.9 - t * 1.3) + sin((bent.x + bent.y) * 1.6 + t * 0.8)
        + sin(length(bent + vec2<f32>(sin(t * 0.5), cos(t * 0.4))) * 3.3 - t * 1.7);
    let color = 0.5 + 0.4 * cos(waves * 1.1 + vec3<f32>(0.0, 1.1, 2.3) + t * 0.4);
    return vec4<f32>(color, 1.0);
}
