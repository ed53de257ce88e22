"""Decodes a picture's file to its visible pixels, and encodes pixels for sending.

The result is what people see: upright, in sRGB, without colours under transparent pixels. Rows that
decode are used even if the file ends early. Runs in a child process with limits (`child`),
because decoders were written for pictures and not for attackers.
"""

import functools
import importlib
import io
import warnings
from collections.abc import Callable

from PIL import AvifImagePlugin, Image, ImageChops, ImageCms

from bot.errors import ImageRejectedError
from bot.media.pictures.stripping import Bare, TooManyScansError, bare

_PREFIXES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"\xff\xd8\xff", "JPEG"),
    (b"GIF87a", "GIF"),
    (b"GIF89a", "GIF"),
    (b"BM", "a BMP picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"\x1a\x45\xdf\xa3", "a video"),
    (b"%PDF", "a PDF"),
)
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)

KEPT_PIXELS = 33_500_000  # 8K; no service makes larger videos
PHONE_PIXELS = 64_000_000  # for the formats of phone cameras, halved afterwards
JPEG_PIXELS = 200_000_000  # decoded at half its size or less
MAX_PIXELS = {"JPEG": JPEG_PIXELS, "HEIF": PHONE_PIXELS, "AVIF": PHONE_PIXELS}
MIN_SIDE = 64
READ = ("PNG", "JPEG", "WEBP", "GIF", "AVIF", "HEIF")
PLAIN = (255, 255, 255)  # behind transparent pixels
UNSEEN_ALPHA = 8  # of 255: invisible below it, and cut-outs leave traces there
LEAST_ROWS = 2 / 3  # of a file that ends early
BLOCK_ROWS = 32  # the most in a JPEG's last row of blocks, with halved colours
QUALITIES = (92, 85, 75)
SHRINK = 0.8
PNG_LEVEL = 4  # the usual 6 takes twice as long for a few per cent
_TURNED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
_PROFILED = {"RGB ": "RGB", "CMYK": "CMYK", "GRAY": "L"}  # modes by a profile's colour space
Open = Callable[[], Image.Image]
# one thread each: every thread reserves address space, of which the child has little
AvifImagePlugin.DEFAULT_MAX_THREADS = 1


def kind_of(content: bytes) -> str | None:
    """Pillow's name of a readable format, words for an unreadable one, None if unknown."""
    for prefix, kind in _PREFIXES:
        if content.startswith(prefix):
            return kind
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    if content[4:8] == b"ftyp":
        if b"avif" in content[8:40]:  # the generic brand first, AVIF among the compatible ones
            return "AVIF"
        return "HEIF" if content[8:12] in _HEIF_BRANDS else "a video"
    if b"<svg" in content[:1000].lower():
        return "an SVG drawing"
    return None


def decoded(content: bytes, name: str) -> Image.Image:
    """Decode the visible picture, in mode RGB or RGBA. Raises ImageRejectedError."""
    kind = kind_of(content)
    if kind not in READ:
        msg = f"{name} is {kind or 'not a picture I can read'}. Send it as PNG, JPEG or WebP."
        raise ImageRejectedError(msg)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # decoders warn about many harmless flaws
            return _seen(content, kind, name)
    except (ImageRejectedError, MemoryError):
        raise
    except TooManyScansError as error:
        msg = f"{name} is built in an unusual way. Save it again and send the new file."
        raise ImageRejectedError(msg) from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_many_pixels(name, KEPT_PIXELS) from error
    except Exception as error:  # decoders raise any exception on a damaged file
        msg = f"{name} is damaged. Save it again as PNG or JPEG and send the new file."
        raise ImageRejectedError(msg) from error


def encoded(picture: Image.Image, form: str, quality: int = 95) -> bytes:
    """Encode a fresh copy of the pixels alone, without any other part of the file."""
    fresh = Image.new(picture.mode, picture.size)
    fresh.paste(picture)
    target = io.BytesIO()
    options = {"quality": quality} if form == "JPEG" else {"compress_level": PNG_LEVEL}
    fresh.save(target, form, **options)
    return target.getvalue()


def jpeg_within(picture: Image.Image, max_bytes: int) -> tuple[Image.Image, bytes]:
    """Encode as JPEG of at most `max_bytes`: coarser first, then smaller.

    Raises ImageRejectedError.
    """
    picture = flat(picture)
    while min(picture.size) >= MIN_SIDE:
        for quality in QUALITIES:
            content = encoded(picture, "JPEG", quality)
            if len(content) <= max_bytes:
                return picture, content
        size = (int(picture.width * SHRINK), int(picture.height * SHRINK))
        picture = picture.resize(size, Image.Resampling.LANCZOS)
    msg = "I can't make the picture small enough for the video service. Send a simpler one."
    raise ImageRejectedError(msg)


def enlarged(picture: Image.Image, min_side: int) -> Image.Image:
    """Enlarge to at least `min_side` pixels per side, keeping the shape."""
    factor = min_side / min(picture.size)
    if factor <= 1:
        return picture
    size = (round(picture.width * factor), round(picture.height * factor))
    return picture.resize(size, Image.Resampling.LANCZOS)


def flat(picture: Image.Image) -> Image.Image:
    """Place the picture on the plain colour, without alpha."""
    if picture.mode != "RGBA":
        return picture.convert("RGB")
    background = Image.new("RGB", picture.size, PLAIN)
    background.paste(picture, mask=picture.getchannel("A"))
    return background


def _seen(content: bytes, kind: str, name: str) -> Image.Image:
    if kind == "HEIF":
        _learn_heif()
    file = bare(content, kind)
    most = MAX_PIXELS.get(kind, KEPT_PIXELS)
    with Image.open(io.BytesIO(file.content), formats=[kind]) as opened:
        if opened.width * opened.height > most:
            raise _too_many_pixels(name, most)
        if min(opened.size) < MIN_SIDE:
            msg = f"{name} is only {opened.width} by {opened.height}. Send at least {MIN_SIDE} by {MIN_SIDE}."
            raise ImageRejectedError(msg)
        profile = file.profile or opened.info.get("icc_profile")
        pixels = _pixels(opened, file, content, kind)
    turn = _TURNED.get(file.orientation)
    if turn is not None:
        pixels = pixels.transpose(turn)
    return _cleared(_in_srgb(pixels, profile))


def _pixels(opened: Image.Image, file: Bare, content: bytes, kind: str) -> Image.Image:
    """Pixels in mode RGB, RGBA, L, LA or CMYK, at most KEPT_PIXELS of them."""
    if kind == "AVIF":  # its plugin copies the boxes' values into an EXIF of its own
        file.orientation = opened.getexif().get(0x0112, 1)
    if kind == "WEBP" and not file.is_whole:
        pixels = _rows_in_both(opened, _open(bare(content, kind, filler=b"\xff").content, kind))
    else:
        pixels = _loaded(opened, file, kind)
    return _reduced(_plain_mode(pixels, file.depth))


def _loaded(opened: Image.Image, file: Bare, kind: str) -> Image.Image:
    if file.is_whole:
        _draft(opened)
        try:
            opened.load()
        except OSError:
            if kind != "PNG":
                raise
        else:
            return opened
    if kind == "JPEG" and file.is_coarse_whole:
        return _open(file.content + b"\xff\xd9", kind)
    if kind not in {"JPEG", "PNG"}:
        opened.load()
        return opened
    light = _as_far_as_it_goes(file.content, kind, 255)
    dark = _as_far_as_it_goes(file.content, kind, 0)
    rows = _equal_rows(light, dark)
    if kind == "JPEG" and rows >= light.height - BLOCK_ROWS:
        return _open(file.content + b"\xff\xd9", kind)  # only its last blocks are unfinished
    return _upper(light, rows)


def _open(content: bytes, kind: str) -> Image.Image:
    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        _draft(opened)
        opened.load()
        return opened


def _as_far_as_it_goes(content: bytes, kind: str, shade: int) -> Image.Image:
    """Decode as far as possible; the rest gets this shade."""
    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        _draft(opened)
        bands = len(opened.getbands())
        background = (shade,) * bands if bands > 1 else shade
        opened.im = Image.new(opened.mode, opened.size, background).im
        try:
            opened.load()
        except OSError:
            opened.tile = []  # nothing more to decode
        return opened


def _rows_in_both(one: Image.Image, other: Image.Image) -> Image.Image:
    return _upper(one, _equal_rows(one, other))


def _equal_rows(one: Image.Image, other: Image.Image) -> int:
    """Number of equal rows from the top: those independent of the missing data."""
    bands = zip(one.split(), other.split(), strict=True)
    tops = (
        ImageChops.difference(left.convert("L"), right.convert("L")).getbbox()
        for left, right in bands
    )
    return min((box[1] for box in tops if box is not None), default=one.height)


def _upper(picture: Image.Image, rows: int) -> Image.Image:
    """Crop to the upper rows. Raises ValueError if too few to show the picture."""
    if rows < max(picture.height * LEAST_ROWS, MIN_SIDE):
        raise ValueError
    return picture.crop((0, 0, picture.width, rows))


def _draft(opened: Image.Image) -> None:
    """Decode a large JPEG at a half, a quarter or an eighth; others ignore this."""
    for scale in (1, 2, 4, 8):
        if opened.width * opened.height <= KEPT_PIXELS * scale * scale:
            if scale > 1:
                opened.draft(opened.mode, (opened.width // scale, opened.height // scale))
            return


def _plain_mode(picture: Image.Image, depth: int) -> Image.Image:
    """Remove palettes and 16-bit samples; turn transparency into alpha."""
    clear = picture.info.get("transparency")
    if isinstance(clear, tuple) and depth == 16:  # Pillow keeps only the upper halves of samples
        clear = picture.info["transparency"] = tuple(value >> 8 for value in clear)
    if picture.mode.startswith("I"):  # 16-bit grey, which would be clipped to white
        grey = picture.point(lambda shade: shade / 256).convert("L")
        if not isinstance(clear, int):
            return grey
        grey.putalpha(_unequal_to(picture.convert("I"), clear))
        return grey
    if picture.mode in {"1", "L"} and isinstance(clear, int):
        picture = picture.convert("L")
        # Pillow scales samples up to eight bits, but this value only at one bit
        shade = clear if depth in {1, 8} else clear * 255 // (2**depth - 1)
        picture.info.pop("transparency", None)
        grey = picture.copy()
        grey.putalpha(picture.point([0 if value == shade else 255 for value in range(256)]))
        return grey
    if picture.mode in {"L", "LA", "RGB", "RGBA", "CMYK"} and clear is None:
        return picture
    if picture.mode in {"PA", "La", "RGBa", "RGBX"} or clear is not None:
        return picture.convert("RGBA")
    return picture.convert("L" if picture.mode == "1" else "RGB")


def _unequal_to(picture: Image.Image, value: int) -> Image.Image:
    """Mask of the pixels that differ from this value, for more than eight bits."""
    above = picture.point(lambda shade: shade - value).convert("L")  # clipped to 0 and 255
    below = picture.point(lambda shade: shade * -1 + value).convert("L")
    return ImageChops.lighter(above, below).point([0] + [255] * 255)


def _reduced(picture: Image.Image) -> Image.Image:
    if picture.width * picture.height <= KEPT_PIXELS:
        return picture
    return picture.reduce(2)


def _in_srgb(picture: Image.Image, profile: bytes | None) -> Image.Image:
    """Convert to sRGB; a broken profile, or one of another mode, is ignored."""
    alpha = picture.getchannel("A") if picture.mode in {"LA", "RGBA"} else None
    colours = picture if alpha is None else picture.convert(picture.mode[:-1])
    shown = _converted(colours, profile) if profile else None
    if shown is None:
        shown = colours.convert("RGB")
    if alpha is not None:
        shown.putalpha(alpha)
    return shown


def _converted(colours: Image.Image, profile: bytes) -> Image.Image | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        mode = _PROFILED.get(source.profile.xcolor_space)
        if mode is None or (mode != colours.mode and (mode, colours.mode) != ("RGB", "L")):
            return None
        return ImageCms.profileToProfile(
            colours.convert(mode),
            source,
            ImageCms.createProfile("sRGB"),
            renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
            outputMode="RGB",
            flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
        )
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return None


def _cleared(picture: Image.Image) -> Image.Image:
    """RGB if nothing is transparent, else RGBA with invisible pixels cleared."""
    if picture.mode != "RGBA":
        return picture
    alpha = picture.getchannel("A")
    if alpha.getextrema() == (255, 255):
        return picture.convert("RGB")
    unseen = alpha.point([255 if value < UNSEEN_ALPHA else 0 for value in range(256)])
    picture.paste((*PLAIN, 0), mask=unseen)
    return picture


@functools.cache
def _learn_heif() -> None:
    """Register the HEIF opener on demand: its library takes a tenth of a second to load."""
    pillow_heif = importlib.import_module("pillow_heif")
    pillow_heif.options.DECODE_THREADS = 1
    pillow_heif.register_heif_opener()


def _too_many_pixels(name: str, most: int) -> ImageRejectedError:
    return ImageRejectedError(
        f"{name} has more than {most // 1_000_000} megapixels. Make it smaller."
    )
