#include "assets/demo/recipe.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <glm/gtc/constants.hpp>
#include <glm/gtc/matrix_transform.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include "formats/core/error.h"

namespace volumen::demo {

extern const char* const kBuiltInRecipe;

namespace {

using Json = nlohmann::json;

/// Far more than a puppet needs; the renderer's lists hold 16-bit indices.
constexpr std::size_t kMaxShapes = 4096;

float srgb_to_linear(float c) {
    return c <= 0.04045f ? c / 12.92f : std::pow((c + 0.055f) / 1.055f, 2.4f);
}

glm::vec3 read_vec3(const Json& j) {
    if (!j.is_array() || j.size() != 3) throw InputError("expected three numbers, not {}", j.dump());
    return {j[0].get<float>(), j[1].get<float>(), j[2].get<float>()};
}

glm::vec3 vec3_or(const Json& j, const char* key, glm::vec3 otherwise) {
    return j.contains(key) ? read_vec3(j[key]) : otherwise;
}

/// [offset, [harmonic, amplitude, phase], ...]
Wave read_wave(const Json& bone, const char* key, float unit) {
    Wave wave;
    if (!bone.contains(key)) return wave;
    const Json& j = bone[key];
    wave.offset = j.at(0).get<float>() * unit;
    for (std::size_t i = 1; i < j.size(); ++i) {
        const glm::vec3 term = read_vec3(j[i]);
        wave.terms.push_back({std::round(term.x), term.y * unit, term.z});
    }
    return wave;
}

glm::mat3 euler(glm::vec3 degrees) {
    const glm::vec3 r = glm::radians(degrees);
    glm::mat4 m = glm::rotate(glm::mat4(1), r.z, {0, 0, 1});
    m = glm::rotate(m, r.x, {1, 0, 0});
    return glm::mat3(glm::rotate(m, r.y, {0, 1, 0}));
}

class Reader {
  public:
    explicit Reader(const Json& root) : root_(root) {}

    Recipe read() {
        Recipe& r = recipe_;
        r.fps = std::clamp(root_.at("fps").get<int>(), 1, 240);
        r.loop_frames = std::clamp(root_.at("loop_frames").get<int>(), 1, 100000);
        r.stage_height = root_.value("stage_height", 0.0f);
        each("bones", [&](const Json& j) { read_bone(j); });
        for (std::size_t i = 0; i < r.balls.size(); ++i) r.balls[i] = bone(fmt::format("ball_{}", i));
        each("limbs", [&](const Json& j) {
            r.limbs.push_back(
                {bone(j.at("upper")), bone(j.at("lower")), bone(j.at("end")), read_vec3(j.at("pole"))});
        });
        if (r.limbs.size() != 4) throw InputError("\"limbs\" must list two arms and two legs");
        each("steps", [&](const Json& j) {
            r.steps.push_back({j.at("beat").get<float>(), read_vec3(j.at("position")),
                               glm::radians(j.value("pitch", 0.0f)), glm::radians(j.value("yaw", 0.0f))});
        });
        if (r.steps.empty()) throw InputError("\"steps\" is empty");
        read_juggling(root_.at("juggling"));
        for (const auto& [name, colour] : root_.at("palette").items()) {
            const glm::vec3 c = read_vec3(colour);
            palette_[name] = {srgb_to_linear(c.r), srgb_to_linear(c.g), srgb_to_linear(c.b)};
        }
        each("materials", [&](const Json& j) { read_material(j); });
        each("shapes", [&](const Json& j) { read_shape(j); });
        if (r.shapes.size() > kMaxShapes) throw InputError("more than {} shapes", kMaxShapes);
        std::stable_sort(r.shapes.begin(), r.shapes.end(),
                         [](const Shape& a, const Shape& b) { return a.group < b.group; });
        const Json& lights = root_.at("lights");
        r.key = read_light(lights.at("key")), r.fill = read_light(lights.at("fill"));
        r.rim = read_light(lights.at("rim"));
        r.sky = read_vec3(lights.at("sky")), r.ground = read_vec3(lights.at("ground"));
        read_rig(root_.at("rig"));
        return std::move(r);
    }

  private:
    template <class F>
    void each(const char* key, F&& f) {
        std::size_t i = 0;
        for (const Json& j : root_.at(key)) {
            try {
                f(j);
            } catch (const std::exception& e) {
                throw InputError("\"{}\"[{}]: {}", key, i, e.what());
            }
            ++i;
        }
    }

    int bone(const Json& name) const {
        const auto text = name.get<std::string>();
        for (std::size_t i = 0; i < recipe_.bones.size(); ++i)
            if (recipe_.bones[i].name == text) return int(i);
        throw InputError("no bone \"{}\" above", text);
    }

    int material(const std::string& name) const {
        for (std::size_t i = 0; i < recipe_.materials.size(); ++i)
            if (recipe_.materials[i].name == name) return int(i);
        throw InputError("no material \"{}\"", name);
    }

    void read_bone(const Json& j) {
        Bone b;
        b.name = j.at("name").get<std::string>();
        if (j.contains("parent")) b.parent = bone(j["parent"]);
        b.offset = vec3_or(j, "at", {});
        b.x = read_wave(j, "x", 1), b.y = read_wave(j, "y", 1), b.z = read_wave(j, "z", 1);
        const float unit = glm::radians(1.0f);
        b.yaw = read_wave(j, "yaw", unit), b.pitch = read_wave(j, "pitch", unit);
        b.roll = read_wave(j, "roll", unit);
        recipe_.bones.push_back(std::move(b));
    }

    void read_juggling(const Json& j) {
        Juggling& g = recipe_.juggling;
        g.centre = read_vec3(j.at("centre"));
        g.radius_x = j.at("radius_x").get<float>(), g.radius_z = j.at("radius_z").get<float>();
        g.dwell = std::clamp(j.at("dwell").get<float>(), 0.1f, 0.9f);
        g.palm = j.at("palm").get<float>(), g.gravity = j.value("gravity", 9.81f);
        g.throws = j.at("throws").get<int>();
        if (g.throws < 2 || g.throws % 2 != 0) throw InputError("\"juggling\".throws: not an even number");
    }

    void read_material(const Json& j) {
        static const std::map<std::string, Pattern> kPatterns{
            {"solid", Pattern::solid}, {"diamonds", Pattern::diamonds}, {"stripes", Pattern::stripes},
            {"rings", Pattern::rings}, {"pleats", Pattern::pleats},     {"face", Pattern::face},
            {"stage", Pattern::stage}, {"ball", Pattern::ball}};
        Material m;
        m.name = j.at("name").get<std::string>();
        const auto pattern = j.value("pattern", "solid");
        const auto found = kPatterns.find(pattern);
        if (found == kPatterns.end()) throw InputError("no pattern \"{}\"", pattern);
        m.pattern = found->second;
        for (const Json& name : j.at("colours")) {
            const auto colour = palette_.find(name.get<std::string>());
            if (colour == palette_.end()) throw InputError("no colour \"{}\"", name.get<std::string>());
            m.colours.push_back(colour->second);
        }
        const std::size_t wanted = m.pattern == Pattern::face ? 8 : m.pattern == Pattern::solid ? 1 : 2;
        if (m.colours.size() < wanted) throw InputError("{} needs {} colours", pattern, wanted);
        m.around = j.value("around", 1.0f), m.along = std::max(j.value("along", 0.1f), 1e-3f);
        m.seam = j.value("seam", 0.0f), m.gloss = j.value("gloss", 0.0f);
        m.metal = j.value("metal", 0.0f), m.weave = j.value("weave", 0.0f);
        recipe_.materials.push_back(std::move(m));
    }

    void read_shape(const Json& j) {
        static const std::map<std::string, ShapeKind> kKinds{{"cone", ShapeKind::cone},
                                                             {"ellipsoid", ShapeKind::ellipsoid},
                                                             {"ring", ShapeKind::ring},
                                                             {"disc", ShapeKind::disc}};
        Shape s;
        const auto found = kKinds.find(j.at("kind").get<std::string>());
        if (found == kKinds.end()) throw InputError("no kind {}", j["kind"].dump());
        s.kind = found->second;
        s.bone = bone(j.at("bone"));
        s.material = material(j.at("material").get<std::string>());
        s.group = group(j.value("group", std::string()));
        s.melt = std::clamp(j.value("melt", 0.0f), 0.0f, 0.2f);
        s.a = vec3_or(j, "a", {}), s.b = vec3_or(j, "b", s.a);
        if (j.contains("radius")) {
            s.radius_a = j["radius"].at(0).get<float>(), s.radius_b = j["radius"].at(1).get<float>();
        }
        s.radii = vec3_or(j, "radii", {});
        const glm::vec3 turn = vec3_or(j, "turn", {});
        s.rotation = euler(turn);
        s.pleats = j.value("pleats", 0.0f), s.pleat_depth = j.value("pleat_depth", 0.0f);
        s.pattern_start = j.value("pattern_start", 0.0f);
        if (j.contains("swing"))
            s.swing_a = j["swing"].at(0).get<float>(), s.swing_b = j["swing"].at(1).get<float>();
        check_size(s);
        recipe_.shapes.push_back(s);
        if (!j.value("mirror", false)) return;

        // The right-hand twin: bone *_l becomes *_r, x is mirrored.
        auto name = recipe_.bones[std::size_t(s.bone)].name;
        if (name.ends_with("_l")) s.bone = bone(name.replace(name.size() - 2, 2, "_r"));
        if (j.contains("mirror_material")) s.material = material(j["mirror_material"].get<std::string>());
        if (j.contains("group")) s.group = group(j["group"].get<std::string>() + "'");
        s.a.x = -s.a.x, s.b.x = -s.b.x;
        s.rotation = euler({turn.x, -turn.y, -turn.z});
        recipe_.shapes.push_back(s);
    }

    static void check_size(const Shape& s) {
        constexpr float kLargest = 10;  // metres: a performer and a stage
        const bool ellipsoid = s.kind == ShapeKind::ellipsoid;
        const glm::vec3 sizes = ellipsoid ? s.radii : glm::vec3(s.radius_a, s.radius_b, s.radius_a);
        for (int i = 0; i < 3; ++i)
            if (!(sizes[i] > 0) || sizes[i] > kLargest)
                throw InputError("a radius is not in (0, {}]", kLargest);
        if (s.kind == ShapeKind::disc && !(s.radii.z > s.radius_b))
            throw InputError("a disc's half height (radii[2]) must exceed its edge radius");
        if (glm::length(s.a) > kLargest || glm::length(s.b) > kLargest)
            throw InputError("too far from its bone");
    }

    int group(const std::string& name) {
        if (name.empty()) return ++groups_made_;
        const auto [entry, made] = groups_.try_emplace(name, 0);
        if (made) entry->second = ++groups_made_;
        return entry->second;
    }

    static Light read_light(const Json& j) {
        return {glm::normalize(read_vec3(j.at("from"))), read_vec3(j.at("colour"))};
    }

    void read_rig(const Json& j) {
        for (const Json& ring : j.at("rings"))
            recipe_.rig.rings.push_back({ring.at("height").get<float>(), ring.at("distance").get<float>()});
        if (recipe_.rig.rings.empty()) throw InputError("\"rig\".rings is empty");
        recipe_.rig.target = read_vec3(j.at("target"));
        recipe_.rig.vertical_fov = glm::radians(std::clamp(j.at("vertical_fov").get<float>(), 1.0f, 120.0f));
    }

    const Json& root_;
    Recipe recipe_;
    std::map<std::string, glm::vec3> palette_;
    std::map<std::string, int> groups_;
    int groups_made_ = 0;
};

}  // namespace

float Wave::operator()(float beat) const {
    float value = offset;
    for (const Term& t : terms)
        value += t.amplitude * std::sin(glm::two_pi<float>() * (t.harmonic * beat + t.phase));
    return value;
}

Recipe parse_recipe(std::string_view json, const std::string& name) {
    try {
        const Json root = Json::parse(json);
        return Reader(root).read();
    } catch (const std::exception& e) {
        throw InputError("{}: {}", name, e.what());
    }
}

Recipe read_recipe(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) throw InputError("{}: cannot be opened; give a recipe file", file.string());
    std::ostringstream text;
    text << in.rdbuf();
    return parse_recipe(text.str(), file.string());
}

Recipe built_in_recipe() {
    return parse_recipe(kBuiltInRecipe, "the built-in recipe");
}

}  // namespace volumen::demo
