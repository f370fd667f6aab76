"""The painter: shapes, identity before training, cost, and that its parts do what they say."""

import pytest
import torch

from talkingface.networks.face_generator import (
    REFERENCE_COUNT,
    FaceGeneratorConfig,
    FaceGeneratorNetwork,
    bilinear_matrix,
    multiply_accumulates,
    phases_of,
    pixels_of,
    residual_window,
)

PAINTER_BUDGET = 65e6


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def random_input(people: int = 2, each: int = 3) -> tuple[torch.Tensor, torch.Tensor]:
    random = torch.Generator().manual_seed(0)
    guides = torch.rand(people * each, 4, 128, 128, generator=random)
    return guides, torch.rand(people, REFERENCE_COUNT, 3, 128, 128, generator=random)


def shaken(network: FaceGeneratorNetwork) -> FaceGeneratorNetwork:
    """Give the zero layer weights, so that references matter."""
    torch.manual_seed(1)
    torch.nn.init.normal_(network.painter.paint.weight, std=0.05)
    return network.eval()


def test_untrained_network_returns_the_guide() -> None:
    guides, references = random_input()
    painted = FaceGeneratorNetwork()(guides, references)
    assert painted.shape == (6, 3, 128, 128)
    torch.testing.assert_close(painted, guides[:, :3])


def test_each_person_is_painted_from_their_own_references() -> None:
    network = shaken(FaceGeneratorNetwork())
    guides, references = random_input()
    with torch.no_grad():
        together = network(guides, references)
        alone = network(guides[3:], references[1:])
        swapped = network(guides, references.flip(0))
    torch.testing.assert_close(together[3:], alone, atol=1e-4, rtol=1e-4)
    assert (together - swapped).abs().max() > 1e-3


def test_order_of_references_does_not_matter() -> None:
    network = shaken(FaceGeneratorNetwork())
    guides, references = random_input(1, 1)
    with torch.no_grad():
        torch.testing.assert_close(
            network(guides, references), network(guides, references.flip(1)), atol=1e-4, rtol=1e-4
        )


def test_border_of_the_patch_is_never_changed() -> None:
    network = shaken(FaceGeneratorNetwork())
    guides, references = random_input(1, 1)
    with torch.no_grad():
        change = (network(guides, references) - guides[:, :3]).abs()
    assert change[..., 0, :].max() < 0.02 * change.max()
    assert residual_window(128, 12)[0, 0, 64, 64] == 1


def test_painter_stays_within_its_budget() -> None:
    config = FaceGeneratorConfig()
    network = FaceGeneratorNetwork(config).eval()
    guides, references = random_input(1, 1)
    with torch.no_grad():
        parts = [part[None] for part in network.encoder(references[0])]
    assert tuple(part.shape[2] for part in parts) == config.part_lengths
    assert sum(config.part_lengths) == config.feature_length
    assert 1e6 < multiply_accumulates(network.painter, phases_of(guides), *parts) < PAINTER_BUDGET


def test_counted_cost_of_one_convolution() -> None:
    layer = torch.nn.Conv2d(3, 5, 3, padding=1)
    assert multiply_accumulates(layer, torch.zeros(1, 3, 8, 8)) == 5 * 8 * 8 * 3 * 9


def test_phases_hold_every_pixel_at_its_place() -> None:
    pictures = torch.rand(2, 3, 8, 12)
    phases = phases_of(pictures)
    assert phases.shape == (2, 12, 4, 6)
    torch.testing.assert_close(phases[:, 3 * 2 + 1], pictures[:, 1, 1::2, 0::2])  # lower left, green
    torch.testing.assert_close(pixels_of(phases), pictures)


def test_enlarging_matrix_does_what_torch_does() -> None:
    small = torch.rand(1, 1, 6, 6)
    matrix = bilinear_matrix(6, 12)
    enlarged = torch.nn.functional.interpolate(small, size=12, mode="bilinear", align_corners=False)
    torch.testing.assert_close(matrix @ small[0, 0] @ matrix.T, enlarged[0, 0])


def test_copies_come_from_the_same_place_of_the_references() -> None:
    network = shaken(FaceGeneratorNetwork())
    _, references = random_input(1, 1)
    same = references[:, :1].expand(-1, REFERENCE_COUNT, -1, -1, -1)
    with torch.no_grad():
        alike = torch.zeros(1, 1, REFERENCE_COUNT)
        pixels, keys, *_ = (part[None] for part in network.encoder(same[0]))
        copied = pixels_of(
            network.painter._copied(torch.rand(1, network.config.middle, 32, 32), alike, pixels, keys)
        )
    torch.testing.assert_close(copied[0], same[0, 0, :, 16:112, 16:112], atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize(
    ("sizes", "told"),
    [({"patch_px": 100}, "64 or 128"), ({"copy_px": 104}, "multiples of 8"), ({"key": 6}, "multiples of 4")],
)
def test_wrong_sizes_are_refused(sizes: dict[str, int], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        FaceGeneratorConfig(**sizes)
