# Sourced by scripts/demo and scripts/test: finds or installs uv and the libraries of a screen.
# shellcheck shell=sh

say() { printf '%s\n' "$*" >&2; }

# Runs a command quietly; if it fails, shows the end of what it said, without addresses.
quietly() {
    log=$(mktemp)
    if "$@" >"$log" 2>&1 </dev/null; then
        rm -f "$log"
        return 0
    fi
    tail -n 15 "$log" | sed -E 's#[a-z]+://[^ ]*#(address)#g' >&2
    rm -f "$log"
    return 1
}

# Runs a command as root: directly, or through a sudo that asks for no password.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    else
        sudo -n "$@"
    fi
}

may_install() {
    command -v apt-get >/dev/null 2>&1 || return 1
    [ "$(id -u)" = 0 ] || { command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; }
}

apt_install() {
    quietly as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq &&
        quietly as_root env DEBIAN_FRONTEND=noninteractive \
            apt-get install -y -qq --no-install-recommends "$@"
}

# Whether $1 is a uv of 0.6 or newer, which knows conflicting extras.
is_usable_uv() {
    version=$("$1" --version 2>/dev/null | sed -nE 's/^uv ([0-9]+)\.([0-9]+).*/\1 \2/p')
    [ -n "$version" ] || return 1
    major=${version% *}
    minor=${version#* }
    [ "$major" -gt 0 ] || [ "$minor" -ge 6 ]
}

python_is_recent() {
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null
}

# Sets UV to a usable uv: the one on PATH, or a private one in .uv of the checkout.
find_uv() {
    for UV in uv "${HOME:-}/.local/bin/uv" "$root/.uv/bin/uv"; do
        if is_usable_uv "$UV"; then return 0; fi
    done
    if ! python_is_recent; then
        say "Python 3.11 or newer is needed, and found: $(python3 --version 2>&1 || echo none)."
        say "Install it (on Debian and Ubuntu: apt-get install python3), then run this again."
        exit 1
    fi
    say "uv is not installed: setting up a private one in .uv"
    rm -rf "$root/.uv"
    if python3 -c 'import ensurepip, venv' 2>/dev/null && python3 -m venv "$root/.uv" 2>/dev/null; then
        quietly "$root/.uv/bin/python" -m pip install -q uv || true
    elif python3 -m pip --version >/dev/null 2>&1; then
        quietly python3 -m pip install -q --target "$root/.uv" uv || true
    elif may_install; then
        apt_install python3-venv && python3 -m venv "$root/.uv" &&
            quietly "$root/.uv/bin/python" -m pip install -q uv || true
    fi
    UV=$root/.uv/bin/uv
    if ! is_usable_uv "$UV"; then
        say "uv could not be installed. Either of these will do, then run this again:"
        say "  as root:  apt-get install python3-venv"
        say "  as you:   pipx install uv"
        exit 1
    fi
}

# What Qt and OpenGL load at run time, as library and Debian package.
screen_libraries="
libGL.so.1:libgl1 libEGL.so.1:libegl1 libdbus-1.so.3:libdbus-1-3 libfontconfig.so.1:libfontconfig1
libglib-2.0.so.0:libglib2.0-0 libX11-xcb.so.1:libx11-xcb1 libxcb-cursor.so.0:libxcb-cursor0
libxcb-icccm.so.4:libxcb-icccm4 libxcb-image.so.0:libxcb-image0 libxcb-keysyms.so.1:libxcb-keysyms1
libxcb-randr.so.0:libxcb-randr0 libxcb-render-util.so.0:libxcb-render-util0
libxcb-shape.so.0:libxcb-shape0 libxcb-xkb.so.1:libxcb-xkb1 libxkbcommon-x11.so.0:libxkbcommon-x11-0
"

# Packages that a window needs and this machine lacks; with $1 = virtual, a screen in memory too.
missing_packages() {
    present=$(PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null)
    for pair in $screen_libraries; do
        case $present in
        *"${pair%%:*} "*) ;;
        *) printf '%s ' "${pair#*:}" ;;
        esac
    done
    if ! find /usr/lib /usr/lib64 -name 'swrast_dri.so' 2>/dev/null | grep -q . &&
        ! find /usr/lib /usr/lib64 -name 'libgallium-*.so' 2>/dev/null | grep -q .; then
        printf '%s ' libgl1-mesa-dri
    fi
    if [ "${1:-}" = virtual ]; then
        command -v xvfb-run >/dev/null 2>&1 || printf '%s ' xvfb
        command -v xauth >/dev/null 2>&1 || printf '%s ' xauth
    fi
}

# Installs what a window needs, or says what to install.
need_screen() {
    [ "$(uname)" = Linux ] || return 0
    packages=$(missing_packages "$@")
    [ -n "$packages" ] || return 0
    if may_install; then
        say "installing: $packages"
        # shellcheck disable=SC2086 # one word a package
        if apt_install $packages; then return 0; fi
    fi
    say "A window needs packages that are missing and could not be installed. As root, run:"
    say "  apt-get update && apt-get install -y $packages"
    exit 1
}
